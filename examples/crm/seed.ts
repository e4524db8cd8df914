// The demo data: SQL that may run any number of times, because every id is fixed.
// One statement per line, so that both `wrangler d1 execute --file` and `D1Database.exec` accept it.
// The phone numbers are reserved for fiction; the domains end in `.example`.
import type { D1Database } from '@cloudflare/workers-types'

type Value = string | number | null
type Person = {
  name: string
  phone: string | null
  email: string | null
  tags: string[]
  at: string
}
/** Minutes after the start of the thread, direction, text. */
type Line = [minutes: number, direction: 'in' | 'out', text: string]
type Thread = { contact: number; at: string; lines: Line[] }

const acmePeople: Person[] = [
  {
    name: 'Priya Raman',
    phone: '+447700900101',
    email: 'priya@larkandloom.example',
    tags: ['customer', 'wholesale'],
    at: '2026-08-03T08:41:12.204Z',
  },
  {
    name: 'Tomás Herrera',
    phone: '+12025550114',
    email: 'tomas@herrera-studio.example',
    tags: ['lead'],
    at: '2026-08-05T15:02:48.019Z',
  },
  {
    name: "Siobhán O'Malley",
    phone: '+447700900127',
    email: null,
    tags: ['customer'],
    at: '2026-08-11T10:27:05.660Z',
  },
  {
    name: 'Jun Watanabe',
    phone: '+12025550139',
    email: 'jun@northpier.example',
    tags: ['customer', 'vip'],
    at: '2026-08-19T23:55:31.875Z',
  },
  {
    name: 'Amara Okafor',
    phone: '+447700900142',
    email: 'amara.okafor@brightside.example',
    tags: ['lead', 'trade-fair'],
    at: '2026-09-02T09:13:44.301Z',
  },
  {
    name: 'Luca Bianchi',
    phone: null,
    email: 'luca@bottegabianchi.example',
    tags: ['supplier'],
    at: '2026-09-04T13:20:00.118Z',
  },
  {
    name: 'Hannah Lindqvist',
    phone: '+447700900158',
    email: 'hannah@fjordgoods.example',
    tags: ['customer', 'wholesale'],
    at: '2026-09-15T07:58:26.947Z',
  },
  {
    name: 'Marcus Bell',
    phone: '+12025550163',
    email: null,
    tags: [],
    at: '2026-09-21T17:36:52.533Z',
  },
  {
    name: 'Nadia El-Sayed',
    phone: '+12025550171',
    email: 'nadia@cedarhouse.example',
    tags: ['lead'],
    at: '2026-10-01T11:04:09.780Z',
  },
  {
    name: 'Wei Chen',
    phone: '+12025550186',
    email: 'wei.chen@tidewater.example',
    tags: ['customer'],
    at: '2026-10-08T02:47:33.092Z',
  },
  {
    name: "Chloé D'Angelo",
    phone: '+447700900190',
    email: 'chloe@dangelo.example',
    tags: ['customer', 'vip'],
    at: '2026-10-14T16:11:57.426Z',
  },
  {
    name: 'Samuel Adeyemi',
    phone: '+447700900196',
    email: 'sam@adeyemi-partners.example',
    tags: ['partner'],
    at: '2026-10-27T12:30:18.655Z',
  },
]

const globexPeople: Person[] = [
  {
    name: 'Ingrid Vogel',
    phone: '+12025550121',
    email: 'ingrid@vogel-optics.example',
    tags: ['customer'],
    at: '2026-09-08T08:05:41.370Z',
  },
  {
    name: 'Rafael Costa',
    phone: '+12025550148',
    email: null,
    tags: ['lead'],
    at: '2026-09-17T19:22:13.804Z',
  },
  {
    name: 'Mei-Ling Zhou',
    phone: null,
    email: 'meiling@harbourlabs.example',
    tags: ['partner'],
    at: '2026-10-05T04:39:27.215Z',
  },
  {
    name: 'Patrick Doyle',
    phone: '+447700900175',
    email: 'patrick@doyle-son.example',
    tags: ['customer'],
    at: '2026-10-20T14:50:36.941Z',
  },
]

const acmeThreads: Thread[] = [
  {
    contact: 1,
    at: '2026-10-12T09:02:11.317Z',
    lines: [
      [0, 'in', "Hi! Can we move this month's order to the 20th?"],
      [6, 'out', 'Hello Priya, yes: the 20th it is. Same quantities as in September?'],
      [9, 'in', 'Same, plus ten of the linen throws please.'],
      [15, 'out', 'Added. The new confirmation is on its way to you by email.'],
    ],
  },
  {
    contact: 3,
    at: '2026-10-19T13:44:50.082Z',
    lines: [
      [0, 'out', 'Hi Siobhán, your parcel left us today and should be with you by Thursday.'],
      [142, 'in', "That's great, thanks a million."],
    ],
  },
  {
    contact: 4,
    at: '2026-10-28T00:16:38.759Z',
    lines: [
      [0, 'in', 'One of the lamps arrived with a cracked shade. Photo to follow.'],
      [481, 'out', 'So sorry about that, Jun. A replacement ships this morning; keep the old one.'],
      [502, 'in', 'Perfect. Thank you for the quick answer.'],
    ],
  },
  {
    contact: 9,
    at: '2026-11-05T15:31:04.226Z',
    lines: [
      [0, 'out', 'Hello Nadia, here is the price list you asked for at the fair.'],
      [1310, 'in', 'Thanks! Do you offer samples before a first order?'],
    ],
  },
]

type Accounts = { acme: string; globex: string }

/** Once only: a demo contact that was deleted stays deleted. */
export async function seed(db: D1Database, accounts: Accounts): Promise<void> {
  const any = db.prepare('SELECT 1 FROM contacts WHERE account_id IN (?, ?) LIMIT 1')
  if (await any.bind(accounts.acme, accounts.globex).first()) return
  // The seed has one statement a line.
  const statements = crmSeedSql(accounts).trim().split('\n')
  await db.batch(statements.map((statement) => db.prepare(statement)))
}

/** The SQL of the demo data, for the ids of the two accounts. */
export function crmSeedSql(accounts: Accounts): string {
  const statements = [
    ...acmePeople.map((person, index) => contact(accounts.acme, index + 1, person)),
    ...globexPeople.map((person, index) => contact(accounts.globex, index + 101, person)),
    ...acmeThreads.flatMap((thread, index) => conversation(accounts.acme, index + 1, thread)),
    insert('webhooks', {
      id: fixedId('e', 1),
      account_id: accounts.acme,
      url: 'https://hooks.acme.example/crm',
      events: JSON.stringify(['contact.created', 'message.received']),
      created_at: Date.parse('2026-10-02T08:00:29.514Z'),
    }),
  ]
  return `${statements.join('\n')}\n`
}

function contact(accountId: string, number: number, person: Person): string {
  const at = Date.parse(person.at)
  return insert('contacts', {
    id: fixedId('c', number),
    account_id: accountId,
    name: person.name,
    phone: person.phone,
    email: person.email,
    tags: JSON.stringify(person.tags),
    created_at: at,
    updated_at: at,
  })
}

function conversation(accountId: string, number: number, thread: Thread): string[] {
  const phone = acmePeople[thread.contact - 1]?.phone ?? null
  const shared = { account_id: accountId, contact_id: fixedId('c', thread.contact), phone }
  const atMinute = (minutes: number) => Date.parse(thread.at) + minutes * 60_000
  const lines = thread.lines.map(([minutes, direction, text], index) =>
    insert('messages', {
      id: fixedId('a', number * 100 + index),
      ...shared,
      conversation_id: fixedId('d', number),
      direction: direction === 'in' ? 'inbound' : 'outbound',
      status: direction === 'in' ? 'received' : 'sent',
      text,
      created_at: atMinute(minutes),
    }),
  )
  const row = insert('conversations', {
    id: fixedId('d', number),
    ...shared,
    created_at: atMinute(0),
    last_message_at: atMinute(thread.lines.at(-1)?.[0] ?? 0),
  })
  return [row, ...lines]
}

/** A version 4 UUID that is the same in every run; `kind` is one hex digit per table. */
function fixedId(kind: 'a' | 'c' | 'd' | 'e', number: number): string {
  return `5eed000${kind}-0000-4000-8000-${String(number).padStart(12, '0')}`
}

function insert(table: string, row: Record<string, Value>): string {
  const values = Object.values(row).map(literal).join(', ')
  return `INSERT OR IGNORE INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${values});`
}

function literal(value: Value): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  return value === null ? 'NULL' : String(value)
}
