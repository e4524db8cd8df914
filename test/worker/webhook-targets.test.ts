// Allowed webhook targets, and the encryption of webhook secrets: pure code.
import { describe, expect, it } from 'vitest'
import { seal, sealingKeys, unseal } from '../../src/core/sealing.ts'
import { readSecretList } from '../../src/core/secrets.ts'
import { type TargetRules, webhookTarget } from '../../src/core/webhook-target.ts'
import fc from '../support/fc.ts'

const deployed: TargetRules = { localhost: false, ownHost: 'keys.example.com' }
const local: TargetRules = { localhost: true, ownHost: 'localhost' }
const isAllowed = (url: string, rules = deployed) => 'url' in webhookTarget(url, rules)

describe('a webhook may go to', () => {
  it.each([
    'https://example.com/hooks?token=1',
    'https://example.com.:443/hooks',
    'https://hooks.example.co.uk:8443/',
    'https://EXAMPLE.com',
    'https://bücher.example/ä',
    'https://8.8.8.8/',
    'https://172.15.255.255/',
    'https://172.32.0.1/',
    'https://[2606:4700:4700::1111]/',
    'https://internal.example.com/',
    'https://10.example.com/',
  ])('%s', (url) => expect(isAllowed(url)).toBe(true))
})

const everyForm = [
  // Loopback in every form that some parser accepts.
  ...['127.0.0.1', '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.1', '0177.0.0.1'],
  ...['0177.0.1', '017700000001', '127.0.0.1.', '127.255.255.254', '①②⑦.0.0.1', '%31%32%37.0.0.1'],
  // Unspecified, private, shared, link-local and metadata, benchmarking, documentation, multicast, reserved.
  ...[
    '0.0.0.0',
    '0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '167772161',
    '0xa000001',
    '012.0.0.1',
  ],
  ...['172.16.0.1', '172.31.255.255', '192.168.0.1', '3232235521', '100.64.0.1', '100.127.255.255'],
  ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.169.254.'],
  ...['100.100.100.200', '168.63.129.16', '192.0.0.192', '198.18.0.1', '192.0.2.1', '198.51.100.1'],
  ...['203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1', '255.255.255.255', '192.88.99.1'],
  // IPv6: loopback, unspecified, mapped, compatible, translated, 6to4, Teredo, unique local, link-local…
  ...[
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::ffff:a00:1]',
  ],
  ...['[::127.0.0.1]', '[::ffff:0:127.0.0.1]', '[64:ff9b::7f00:1]', '[64:ff9b:1::1]'],
  ...['[2002:7f00:1::]', '[2001::1]', '[fc00::1]', '[fd00:ec2::254]', '[fe80::1]', '[febf::1]'],
  ...['[fec0::1]', '[ff02::1]', '[2001:db8::1]', '[100::1]', '[5f00::1]', '[4000::1]'],
  // Names that are never public, or that do not resolve publicly.
  ...['localhost', 'LOCALHOST', 'localhost.', 'app.localhost', 'a.localhost.', 'router', 'com'],
  ...['metadata.google.internal', 'metadata.google.internal.', 'printer.local', 'db.internal'],
  ...['nas.home.arpa', 'x.onion', 'host.lan', 'wiki.corp', 'keys.example.com', 'keys.example.com.'],
]

describe('a webhook may not go to', () => {
  it.each(everyForm)('https://%s/', (host) => {
    expect(isAllowed(`https://${host}/`)).toBe(false)
    expect(isAllowed(`https://${host}:8443/x`)).toBe(false)
  })

  it.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/plain,x',
    'https://user@example.com/',
    'https://user:password@example.com/',
    'https://:password@example.com/',
    'https://example.com@127.0.0.1/',
    'https://example.com/#fragment',
    'https://example.com:22/',
    'https://example.com:25/',
    'https://example.com:80/',
    'https://example.com:1023/',
    'https://example.com:65536/',
    'https://',
    'https:///',
    'example.com/hooks',
    '',
    `https://example.com/${'x'.repeat(2_000)}`,
  ])('%s', (url) => expect(isAllowed(url)).toBe(false))

  it('any IPv4 address of a private block, however it is written', () => {
    const privateAddress = fc.constantFrom(0x0a000000, 0x7f000000, 0xa9fe0000, 0xc0a80000)
    const forms = (value: number) => {
      const parts = [24, 16, 8, 0].map((bits) => (value >>> bits) & 255)
      const [a, b] = parts
      return [
        parts.join('.'),
        String(value),
        `0x${value.toString(16)}`,
        `0${value.toString(8)}`,
        parts.map((part) => `0x${part.toString(16)}`).join('.'),
        parts.map((part) => `0${part.toString(8)}`).join('.'),
        `${a}.${value & 0xffffff}`,
        `${a}.${b}.${value & 0xffff}`,
        `[::ffff:${parts.join('.')}]`,
      ]
    }
    const place = fc.tuple(privateAddress, fc.integer({ min: 0, max: 0xffff }))
    fc.assert(
      fc.property(place, ([block, rest]) => {
        for (const form of forms((block | rest) >>> 0)) {
          expect(isAllowed(`https://${form}/`), form).toBe(false)
          expect(isAllowed(`https://${form}./`), `${form}.`).toBe(false)
        }
      }),
    )
  })

  it('localhost, except in development', () => {
    const here = ['http://localhost:3000/', 'http://127.0.0.1:80/', 'https://[::1]:1/']
    for (const url of here) {
      expect(isAllowed(url)).toBe(false)
      expect(isAllowed(url, local)).toBe(true)
    }
    const elsewhere = ['http://example.com/', 'http://10.0.0.1/', 'http://169.254.169.254/']
    for (const url of [...elsewhere, 'http://user@localhost/', 'http://localhost.evil.internal/']) {
      expect(isAllowed(url, local), url).toBe(false)
    }
  })
})

describe('a sealed secret', () => {
  const random = (bytes: Uint8Array<ArrayBuffer>) => crypto.getRandomValues(bytes)
  const keys = (secrets: string) => sealingKeys(readSecretList('AUTH_SECRETS', secrets), 'test')

  it('decrypts under the secret that sealed it, also when that is no longer the newest', async () => {
    const sealed = await seal(await keys('old'), 'whsec_x', 'endpoint', random)
    expect(sealed).not.toContain('whsec')
    expect(await unseal(await keys('new, old'), sealed, 'endpoint')).toBe('whsec_x')
  })

  it('does not decrypt with another secret, purpose or row, or a changed character', async () => {
    const sealed = await seal(await keys('secret'), 'whsec_x', 'endpoint', random)
    const changed = sealed.slice(0, 20) + (sealed[20] === 'A' ? 'B' : 'A') + sealed.slice(21)
    await expect(unseal(await keys('other'), sealed, 'endpoint')).rejects.toThrow(
      'None of the keys decrypts',
    )
    const purpose = await sealingKeys(['secret'], 'else')
    await expect(unseal(purpose, sealed, 'endpoint')).rejects.toThrow('None of the keys decrypts')
    await expect(unseal(await keys('secret'), sealed, 'another')).rejects.toThrow()
    await expect(unseal(await keys('secret'), changed, 'endpoint')).rejects.toThrow()
  })

  it('never has the same ciphertext twice, and is never sealed without a key', async () => {
    const one = await keys('secret')
    expect(await seal(one, 'x', 'y', random)).not.toBe(await seal(one, 'x', 'y', random))
    expect(() => keys(' ,')).toThrow('AUTH_SECRETS')
  })
})
