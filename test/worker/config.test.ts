// An invalid configuration stops the Worker at startup with a message that names the mistake.
import { describe, expect, it } from 'vitest'
import { type ConfigInput, defineConfig } from '../../src/core/config.ts'
import type { ForeignFormat } from '../../src/core/foreign.ts'
import type { Format } from '../../src/core/format.ts'
import shipped from '../support/latchkey.config.ts'

const whm: Format = { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 }
const upstream = { fetch: () => new Response() }

const sound: ConfigInput<unknown> = {
  formats: { whm },
  scopes: { 'contacts:read': 'List and read contacts' },
  roles: {
    owner: { scopes: 'all' },
    admin: { scopes: 'all' },
    member: { scopes: ['contacts:read'] },
  },
  policies: { api: [{ method: 'GET', path: '/api/contacts', scope: 'contacts:read' }] },
  gateway: { policy: 'api', upstream },
}

const withFormat = (changes: Partial<Format>) => ({ formats: { whm: { ...whm, ...changes } } })
const uk: ForeignFormat = { prefix: 'uk_', alphabet: 'base62', length: { min: 20, max: 60 } }
const withForeign = (changes: object) => ({ foreign: { other: { ...uk, ...changes } } })
const withRoute = (method: string, path: string, scope = 'contacts:read') => ({
  policies: { api: [{ method, path, scope }] },
})
const withUpstream = (url: unknown) => ({ gateway: { policy: 'api', upstream: url } })
const withGateway = (changes: object) => ({ gateway: { ...sound.gateway, ...changes } })
const withOrigins = (...origins: string[]) => ({ cors: { origins } })
const withProxies = (proxies: string[], clientAddressHeader = 'X-Client-Address') => ({
  forwardAuth: { proxies, clientAddressHeader },
})
const withMember = (...scopes: string[]) => ({ roles: { ...sound.roles, member: { scopes } } })

/** The mistake, and the words that its message must contain. */
const mistakes: [string, object, RegExp][] = [
  ['no format at all', { formats: {} }, /formats/],
  ['a prefix twice', { formats: { whm, other: { ...whm } } }, /formats\.(whm|other).*"whm_"/],
  [
    'a prefix that is the start of another',
    { formats: { whm, whm_live: { ...whm, prefix: 'whm_live_' } } },
    /"whm_".*start of.*"whm_live_"/,
  ],
  [
    'a prefix that another starts with, listed first',
    { formats: { whm_live: { ...whm, prefix: 'whm_live_' }, whm } },
    /"whm_".*start of.*"whm_live_"/,
  ],
  ['a prefix without its underscore', withFormat({ prefix: 'whm' }), /formats\.whm\.prefix "whm"/],
  ['an empty prefix', withFormat({ prefix: '' }), /formats\.whm\.prefix/],
  ['a prefix with a space', withFormat({ prefix: 'w m_' }), /formats\.whm\.prefix "w m_"/],
  [
    'a prefix with a dot, as a JWT has',
    withFormat({ prefix: 'a.b_' }),
    /formats\.whm\.prefix "a\.b_"/,
  ],
  [
    'an unknown alphabet',
    withFormat({ alphabet: 'base64' as 'hex' }),
    /formats\.whm\.alphabet "base64"/,
  ],
  [
    'an alphabet named like a method',
    withFormat({ alphabet: 'toString' as 'hex' }),
    /alphabet "toString"/,
  ],
  ['too few random letters', withFormat({ length: 31 }), /formats\.whm.*too short.*96 bits/],
  [
    'too few random letters in base62',
    withFormat({ alphabet: 'base62', length: 22, tagLength: 6 }),
    /formats\.whm.*too short/,
  ],
  ['a tag too short to stop forgeries', withFormat({ tagLength: 7 }), /formats\.whm\.tagLength 7/],
  ['no tag', withFormat({ tagLength: 0 }), /formats\.whm\.tagLength 0/],
  [
    'more tag letters than the HMAC has bytes',
    withFormat({ length: 60, tagLength: 33 }),
    /formats\.whm\.tagLength 33/,
  ],
  ['a length that is no whole number', withFormat({ length: 32.5 }), /formats\.whm.*whole/],
  ['a length that is no number', withFormat({ length: Number.NaN }), /formats\.whm/],
  ['a token too long for a header', withFormat({ length: 500 }), /formats\.whm.*too long.*200/],
  ['a scope in capitals', { scopes: { 'Contacts:Read': 'x' } }, /"Contacts:Read"/],
  ['a scope with a space, which separates scopes', { scopes: { 'a b': 'x' } }, /"a b"/],
  ['a scope with a quotation mark', { scopes: { 'a"b': 'x' } }, /a"b/],
  [
    'a scope without a description',
    { scopes: { 'contacts:read': ' ' } },
    /"contacts:read".*description/,
  ],
  [
    'a scope with a reserved name',
    { scopes: { ...sound.scopes, 'keys:manage': 'x' } },
    /keys:manage/,
  ],
  [
    'a role left out',
    { roles: { owner: { scopes: 'all' }, member: { scopes: [] } } },
    /roles\.admin/,
  ],
  ['an unknown scope of a role', withMember('contacts:delete'), /roles\.member.*"contacts:delete"/],
  ['a reserved scope of a role', withMember('keys:manage'), /roles\.member.*"keys:manage"/],
  [
    'an unknown scope of a template',
    { templates: { Reader: { description: 'Reads', scopes: ['contacts:raed'] } } },
    /templates\["Reader"\].*"contacts:raed"/,
  ],
  [
    'a wildcard of a template that covers nothing',
    { templates: { Reader: { description: 'Reads', scopes: ['orders:*'] } } },
    /templates\["Reader"\].*"orders:\*"/,
  ],
  [
    'an unknown format of a template',
    { templates: { Reader: { description: 'Reads', format: 'wmh' } } },
    /templates\["Reader"\].*format "wmh"/,
  ],
  ['an unknown role', { roles: { ...sound.roles, admn: { scopes: 'all' } } }, /admn/],
  [
    'an unknown scope of a route',
    withRoute('GET', '/api/contacts', 'contacts:raed'),
    /policies\.api.*GET \/api\/contacts.*"contacts:raed"/,
  ],
  ['a route named like a method of objects', withRoute('GET', '/api/x', 'toString'), /"toString"/],
  ['a method in lower case', withRoute('get', '/api/contacts'), /policies\.api.*method.*get/],
  ['no method', withRoute('', '/api/contacts'), /policies\.api.*method/],
  ['HEAD, which GET stands for', withRoute('HEAD', '/api/contacts'), /HEAD/],
  ['a path without its slash', withRoute('GET', 'api/contacts'), /path.*GET api\/contacts/],
  ['a path with a slash at its end', withRoute('GET', '/api/contacts/'), /path/],
  ['a path with a query', withRoute('GET', '/api/contacts?a=b'), /path/],
  ['a path with a wildcard', withRoute('GET', '/api/*'), /path/],
  ['a path with a parameter of express', withRoute('GET', '/api/:id'), /path/],
  ['a path with half a parameter', withRoute('GET', '/api/{id'), /path/],
  ['a path with a dot segment, which can never match', withRoute('GET', '/api/../x'), /path/],
  [
    'a gateway of an unknown policy',
    { gateway: { policy: 'crm', upstream } },
    /gateway\.policy.*"crm"/,
  ],
  ['a policy named like a method', { gateway: { policy: 'toString', upstream } }, /"toString"/],
  [
    'an upstream that is no URL',
    withUpstream('api.example.com'),
    /gateway\.upstream "api\.example\.com"/,
  ],
  ['an upstream of another scheme', withUpstream('ftp://example.com'), /gateway\.upstream/],
  ['an upstream with a path', withUpstream('https://example.com/v1'), /gateway\.upstream.*origin/],
  ['an upstream with a query', withUpstream('https://example.com/?a'), /gateway\.upstream/],
  ['an upstream with a password', withUpstream('https://a:b@example.com'), /gateway\.upstream/],
  ['an upstream without fetch', withUpstream({}), /gateway\.upstream/],
  ['no upstream', withUpstream(undefined), /gateway\.upstream/],
  ['no time for the upstream', withGateway({ timeoutMs: 0 }), /gateway\.timeoutMs is 0/],
  ['a time that is no number', withGateway({ timeoutMs: '60s' }), /gateway\.timeoutMs is 60s/],
  [
    'streams that are verified too seldom',
    withGateway({ reverifyMs: 5_001 }),
    /gateway\.reverifyMs is 5001/,
  ],
  [
    'streams that are verified all the time',
    withGateway({ reverifyMs: 0 }),
    /gateway\.reverifyMs is 0/,
  ],
  ['speculation in words', withGateway({ speculative: 'yes' }), /gateway\.speculative is yes/],
  ['a base of everything', withGateway({ base: '/' }), /gateway\.base is "\/".*not "\/"/],
  ['a base without its slash', withGateway({ base: 'v2' }), /gateway\.base is "v2"/],
  ['a base with a slash at its end', withGateway({ base: '/v2/' }), /gateway\.base is "\/v2\/"/],
  ['an empty base', withGateway({ base: '' }), /gateway\.base is ""/],
  ['a base with a parameter', withGateway({ base: '/{v}' }), /gateway\.base is "\/\{v\}"/],
  ['a base with a wildcard', withGateway({ base: '/v2/*' }), /gateway\.base is/],
  ['a base with a dot segment', withGateway({ base: '/api/../v2' }), /gateway\.base is/],
  ['a base that is no text', withGateway({ base: 2 }), /gateway\.base is "2"/],
  ['every origin', withOrigins('*'), /cors\.origins has "\*".*exact origins/],
  ['the origin of sandboxed frames', withOrigins('null'), /cors\.origins has "null"/],
  ['an origin by wildcard', withOrigins('https://*.example.com'), /"https:\/\/\*\.example\.com"/],
  ['an origin without a scheme', withOrigins('app.example.com'), /"app\.example\.com"/],
  ['an origin of another scheme', withOrigins('ftp://example.com'), /"ftp:\/\/example\.com"/],
  ['an origin with a path', withOrigins('https://a.test/x'), /list exact origins/],
  ['an origin with a slash at its end', withOrigins('https://a.test/'), /list exact origins/],
  ['an origin in capitals', withOrigins('https://A.test'), /list exact origins/],
  ['an origin with its default port', withOrigins('https://a.test:443'), /list exact origins/],
  ['an origin with a user', withOrigins('https://a@a.test'), /list exact origins/],
  ['one good origin and one bad', withOrigins('https://a.test', 'b.test'), /"b\.test"/],
  ['an origin that is no text', withOrigins(1 as unknown as string), /cors\.origins has "1"/],
  ['no origin', withOrigins(), /cors needs origins/],
  ['cors in a word', { cors: 'all' }, /cors needs origins, or is 'upstream'/],
  ['cors as a list', { cors: ['https://a.test'] }, /cors needs origins, or is 'upstream'/],
  [
    'a preflight that is kept for longer than a day',
    { cors: { origins: ['https://a.test'], maxAgeSeconds: 86_401 } },
    /cors\.maxAgeSeconds is 86401/,
  ],
  [
    'a preflight that is kept for part of a second',
    { cors: { origins: ['https://a.test'], maxAgeSeconds: 0.5 } },
    /cors\.maxAgeSeconds is 0\.5/,
  ],
  ['a policy that fits no URL', { policies: { 'a/b': [] } }, /policy "a\/b"/],
  ['no proxies to believe', withProxies([]), /forwardAuth\.proxies is empty/],
  ['a proxy that is a name', withProxies(['proxy.test']), /forwardAuth\.proxies has "proxy\.test"/],
  ['every address as a proxy', withProxies(['0.0.0.0/0']), /every address/],
  ['a header of Cloudflare’s', withProxies(['192.0.2.1'], 'CF-Connecting-IP'), /Cloudflare/],
  ['a header that is none', withProxies(['192.0.2.1'], 'a b'), /not a header name/],
  ['a lease below zero', { lease: -1 }, /lease is -1/],
  ['a lease over a minute', { lease: 61 }, /lease is 61/],
  ['a lease that is no number', { lease: Number.NaN }, /lease is NaN/],
  ['a foreign prefix with a dot', withForeign({ prefix: 'u.k' }), /foreign\.other\.prefix "u\.k"/],
  ['a foreign format without a prefix setting', withForeign({ prefix: undefined }), /prefix/],
  [
    'an unknown foreign alphabet',
    withForeign({ alphabet: 'ascii' }),
    /"ascii" must be one of hex,/,
  ],
  ['half a foreign letter', withForeign({ length: 20.5 }), /foreign\.other\.length.*whole number/],
  ['no foreign length', withForeign({ length: { min: 20 } }), /foreign\.other\.length/],
  ['a foreign range the wrong way', withForeign({ length: { min: 30, max: 20 } }), /length/],
  ['a foreign token that can be guessed', withForeign({ length: 16 }), /too short.*16 letters.*96/],
  ['a foreign token without end', withForeign({ length: { min: 20, max: 500 } }), /too long/],
  [
    'a foreign format that matches any text',
    withForeign({ prefix: '' }),
    /foreign\.other has no prefix.*exact length/,
  ],
  ['a foreign format named like ours', { foreign: { whm: uk } }, /foreign\.whm has the same name/],
  [
    'a foreign format that matches native tokens',
    withForeign({ prefix: 'whm_', alphabet: 'hex', length: 32 }),
    /could match both foreign\.other and formats\.whm.*"whm_"/,
  ],
  [
    'a foreign format without prefix that is as long as native tokens',
    withForeign({ prefix: '', length: 36 }),
    /could match both foreign\.other and formats\.whm/,
  ],
  [
    'two foreign formats of one shape',
    { foreign: { uk, uk_live: { ...uk, prefix: 'uk_live_' } } },
    /could match both foreign\.uk_live and foreign\.uk/,
  ],
]

describe('defineConfig', () => {
  it.each(mistakes)('refuses %s with a message that names it', (_, changes, sentence) => {
    const input = { ...sound, ...changes } as ConfigInput<unknown>
    expect(() => defineConfig(input)).toThrow(sentence)
    expect(() => defineConfig(input)).toThrow(/^latchkey\.config\.ts: .*\.$/)
  })

  it('accepts a valid configuration, adds the reserved scopes and converts the lease to milliseconds', () => {
    const config = defineConfig({ ...sound, lease: 0.5 })
    expect(Object.keys(config.scopes)).toEqual([
      ...[
        'contacts:read',
        'keys:manage',
        'keys:verify',
        'keys:portal',
        'platform:manage',
        'platform:verify',
      ],
    ])
    expect(config).toMatchObject({ defaultFormat: 'whm', leaseMs: 500 })
    expect(defineConfig(sound).leaseMs).toBe(1_000)
    expect(defineConfig({ ...sound, lease: 0 }).leaseMs).toBe(0)
    expect(() =>
      defineConfig({ ...sound, ...(withUpstream('https://example.com') as object) }),
    ).not.toThrow()
  })

  it('accepts exact origins, and leaves CORS closed and the base at /api by default', () => {
    const origins = [
      'https://app.example.com',
      'http://localhost:3000',
      'https://xn--bcher-kva.test',
    ]
    expect(defineConfig({ ...sound, cors: { origins } }).cors).toEqual({
      origins,
      maxAgeSeconds: 600,
    })
    expect(defineConfig({ ...sound, cors: 'upstream' }).cors).toBe('upstream')
    expect(defineConfig(sound)).toMatchObject({ cors: null, gateway: { base: '/api' } })
    const base = '/shop/v2.1'
    expect(defineConfig({ ...sound, ...withGateway({ base }) }).gateway.base).toBe(base)
  })

  it('accepts foreign formats that match no native token', () => {
    const foreign: Record<string, ForeignFormat> = {
      uk,
      better_auth: { prefix: '', alphabet: 'letters', length: 64 },
      wacrm: { prefix: 'wacrm_live_', alphabet: 'base64url', length: 43 },
    }
    expect(defineConfig({ ...sound, formats: shipped.formats, foreign }).foreign).toEqual(foreign)
    expect(defineConfig(sound).foreign).toEqual({})
    expect(shipped.foreign).toEqual({})
  })

  it('ships the three formats, the seven scopes and both prefixes of the seeds', () => {
    expect(shipped.formats).toEqual({
      whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 },
      wacrm_live: { prefix: 'wacrm_live_', alphabet: 'base62', length: 39, tagLength: 6 },
      wacrm_test: {
        ...{ prefix: 'wacrm_test_', alphabet: 'base62', length: 39, tagLength: 6 },
        environment: 'test',
      },
    })
    expect(shipped.scopes['contacts:read']).toMatchObject({ resource: true })
    expect(shipped.defaultFormat).toBe('whm')
    expect(Object.keys(shipped.scopes).sort()).toEqual([
      'broadcasts:send',
      'contacts:read',
      'contacts:write',
      'conversations:read',
      'keys:manage',
      'keys:portal',
      'keys:verify',
      'messages:read',
      'messages:send',
      'platform:manage',
      'platform:verify',
      'webhooks:manage',
    ])
  })
})
