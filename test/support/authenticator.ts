// A software authenticator (WebAuthn Level 3): ES256, without attestation. Its answers are what `toJSON()` of a browser's are.
import { env } from 'cloudflare:workers'

type Options = { challenge: string }
export type CreationOptions = Options & { rp: { id: string }; user: { id: string } }
export type RequestOptions = Options & { rpId: string; allowCredentials?: { id: string }[] }

/** How an answer differs from that of an honest authenticator in a browser on our page. */
export type Lies = {
  origin?: string
  rpId?: string
  crossOrigin?: boolean
  type?: string
  challenge?: string
  /** It did not ask for a PIN or a finger. */
  isUnverified?: boolean
  /** Nobody touched it. */
  isAbsent?: boolean
  userHandle?: string | null
}

const flags = {
  present: 0x01,
  verified: 0x04,
  backupEligible: 0x08,
  backedUp: 0x10,
  attested: 0x40,
}
const utf8 = new TextEncoder()
const base64url = (bytes: Uint8Array) =>
  bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
const sha256 = async (bytes: Uint8Array<ArrayBuffer>) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
const concat = (...parts: Uint8Array[]) => new Uint8Array(parts.flatMap((part) => [...part]))

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes
}

/** CBOR (RFC 8949) of what WebAuthn needs: integers, text, bytes and maps. */
export function cbor(value: unknown): Uint8Array {
  const head = (major: number, length: number): Uint8Array => {
    const type = major << 5
    if (length < 24) return Uint8Array.of(type | length)
    return length < 256
      ? Uint8Array.of(type | 24, length)
      : Uint8Array.of(type | 25, length >> 8, length & 255)
  }
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string')
    return concat(head(3, utf8.encode(value).length), utf8.encode(value))
  if (value instanceof Uint8Array) return concat(head(2, value.length), value)
  if (!(value instanceof Map)) throw new Error('Not encoded here.')
  const entries = [...value].flatMap(([key, each]) => [cbor(key), cbor(each)])
  return concat(head(5, value.size), ...entries)
}

/** As X9.62 has it, in DER; WebCrypto concatenates both numbers. */
function derOf(signature: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const trimmed = bytes.slice(bytes.findIndex((byte) => byte !== 0))
    const positive = (trimmed[0] ?? 0) > 127 ? concat(Uint8Array.of(0), trimmed) : trimmed
    return concat(Uint8Array.of(2, positive.length), positive)
  }
  const both = concat(integer(signature.slice(0, 32)), integer(signature.slice(32)))
  return concat(Uint8Array.of(0x30, both.length), both)
}

export type Authenticator = Awaited<ReturnType<typeof newAuthenticator>>

/** Holds one passkey. @param counts whether it has a signature counter */
export async function newAuthenticator({ counts = true } = {}) {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const { privateKey, publicKey } = (await crypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair
  const { x = '', y = '' } = (await crypto.subtle.exportKey('jwk', publicKey)) as JsonWebKey
  const coordinate = (text: string) => Uint8Array.fromBase64(text, { alphabet: 'base64url' })
  const cose = cbor(
    new Map<number, unknown>([
      ...([
        [1, 2],
        [3, -7],
        [-1, 1],
      ] as const),
      ...([
        [-2, coordinate(x)],
        [-3, coordinate(y)],
      ] as const),
    ]),
  )
  const credentialId = crypto.getRandomValues(new Uint8Array(32))
  const id = base64url(credentialId)
  const state = { signCount: 0, userHandle: '' }

  function clientData(type: string, options: Options, lies: Lies): Uint8Array<ArrayBuffer> {
    const { origin = env.BASE_URL, crossOrigin = false } = lies
    const challenge = lies.challenge ?? options.challenge
    const data = { type: lies.type ?? type, challenge, origin, crossOrigin }
    return new Uint8Array(utf8.encode(JSON.stringify(data)))
  }

  async function authenticatorData(
    rpId: string,
    lies: Lies,
    more: number,
    rest = new Uint8Array(),
  ) {
    const { present, verified, backupEligible, backedUp } = flags
    const set =
      (lies.isAbsent ? 0 : present) | (lies.isUnverified ? 0 : verified) | backupEligible | backedUp
    const hash = await sha256(new Uint8Array(utf8.encode(lies.rpId ?? rpId)))
    return concat(hash, Uint8Array.of(set | more), uint32(state.signCount), rest)
  }

  return {
    id,
    state,
    async create(options: CreationOptions, lies: Lies = {}) {
      state.userHandle = options.user.id
      if (counts) state.signCount++
      const attested = concat(
        new Uint8Array(16),
        Uint8Array.of(0, credentialId.length),
        credentialId,
        cose,
      )
      const authData = await authenticatorData(options.rp.id, lies, flags.attested, attested)
      const attestation = new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ])
      return {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON: base64url(clientData('webauthn.create', options, lies)),
          attestationObject: base64url(cbor(attestation)),
          transports: ['internal', 'hybrid'],
        },
      }
    },
    async get(options: RequestOptions, lies: Lies = {}) {
      if (counts) state.signCount++
      const client = clientData('webauthn.get', options, lies)
      const data = await authenticatorData(options.rpId, lies, 0)
      const signed = new Uint8Array(concat(data, await sha256(client)))
      const hash = { name: 'ECDSA', hash: 'SHA-256' }
      const signature = new Uint8Array(await crypto.subtle.sign(hash, privateKey, signed))
      const userHandle = lies.userHandle === undefined ? state.userHandle : lies.userHandle
      return {
        ...{ id, rawId: id, type: 'public-key', clientExtensionResults: {} },
        response: {
          clientDataJSON: base64url(client),
          authenticatorData: base64url(data),
          signature: base64url(derOf(signature)),
          ...(userHandle !== null && { userHandle }),
        },
      }
    },
  }
}
