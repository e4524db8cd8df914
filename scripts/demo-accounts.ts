// The accounts and people that `npm start` seeds. The ids are fixed, so that the CRM's demo rows can refer to them.

export type Role = 'owner' | 'admin' | 'member'
export type DemoPerson = { id: string; email: string; name: string; role: Role }
export type DemoAccount = { id: string; slug: string; name: string; people: DemoPerson[] }

export const acme: DemoAccount = {
  id: '0c6b1c01-9ba9-447d-86a9-1c14672e70fc',
  slug: 'acme',
  name: 'Acme Inc',
  people: [
    {
      id: 'b777399f-26d7-4658-832e-0c333d91b980',
      email: 'owner@acme.test',
      name: 'Maya Lindqvist',
      role: 'owner',
    },
    {
      id: 'f4f1b821-fb50-4b77-b7d7-97c6fba57fa1',
      email: 'admin@acme.test',
      name: 'Daniel Okafor',
      role: 'admin',
    },
    {
      id: '3d481292-76d5-492e-a493-8146fd26958c',
      email: 'member@acme.test',
      name: 'Sofia Marchetti',
      role: 'member',
    },
  ],
}

export const globex: DemoAccount = {
  id: 'f5a727de-a2a5-495b-8e0c-f69358905386',
  slug: 'globex',
  name: 'Globex',
  people: [
    {
      id: '57e9ec0e-e272-4648-aa13-30f8457153d7',
      email: 'owner@globex.test',
      name: 'Henrik Vance',
      role: 'owner',
    },
  ],
}

export const demoAccounts = [acme, globex]
