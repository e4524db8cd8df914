// A fake of GitHub's secret scanning: it signs as GitHub does, with its own key pair.

export type Signer = { id: string; privateKey: CryptoKey; pem: string }

export async function newSigner(): Promise<Signer> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const pair = (await crypto.subtle.generateKey(algorithm, true, ['sign'])) as CryptoKeyPair
  const spki = (await crypto.subtle.exportKey('spki', pair.publicKey)) as ArrayBuffer
  const lines = new Uint8Array(spki).toBase64().match(/.{1,64}/g) ?? []
  const pem = ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----'].join('\n')
  return { id: crypto.randomUUID(), privateKey: pair.privateKey, pem }
}

/** X.690: the shortest big-endian bytes, with a zero before a first bit that is set. */
function integer(bytes: Uint8Array): number[] {
  const start = bytes.findIndex((byte) => byte !== 0)
  const shortest = [...bytes.subarray(start)]
  const value = (shortest[0] ?? 0) >= 0x80 ? [0, ...shortest] : shortest
  return [0x02, value.length, ...value]
}

function derOf(plain: Uint8Array): Uint8Array {
  const numbers = [...integer(plain.subarray(0, 32)), ...integer(plain.subarray(32))]
  return new Uint8Array([0x30, numbers.length, ...numbers])
}

async function sign(signer: Signer, body: string | Uint8Array): Promise<string> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const plain = await crypto.subtle.sign(algorithm, signer.privateKey, bytes)
  return derOf(new Uint8Array(plain)).toBase64()
}

export const publicView = ({ id, pem }: Signer) => ({
  key_identifier: id,
  key: pem,
  is_current: true,
})

/** The headers of a report. */
export async function signed(
  signer: Signer,
  body: string | Uint8Array,
): Promise<Record<string, string>> {
  return {
    'Github-Public-Key-Identifier': signer.id,
    'Github-Public-Key-Signature': await sign(signer, body),
  }
}
