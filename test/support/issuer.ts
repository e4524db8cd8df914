// OpenID providers and GitHub for tests: they answer the requests that the Worker makes, and check them as real ones do.
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { vi } from 'vitest'

type Answering = (request: Request, url: URL) => Promise<Response | null> | Response | null
const answering: Answering[] = []

/** Requests to what no fake answers fail as an unreachable host does. */
export function fakeInternet(): { requests: string[] } {
  const requests: string[] = []
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input, init)
    requests.push(`${request.method} ${request.url}`)
    for (const answer of answering) {
      const response = await answer(request, new URL(request.url))
      if (response !== null) return response
    }
    throw new TypeError('Network connection lost.')
  })
  return { requests }
}

/** What a provider says of the person who signs in there. */
export type Claims = { sub: string } & JWTPayload & Record<string, unknown>

type Code = { claims: Claims; challenge: string; redirectUri: string }

async function formOf(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams([...(await request.formData())] as [string, string][])
}

export type Issuer = Awaited<ReturnType<typeof openIssuer>>

/** @param more of its discovery document */
export async function openIssuer(more: Record<string, unknown> = {}) {
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const issuer = `https://issuer-${crypto.randomUUID()}.example`
  const clientId = 'latchkey'
  const clientSecret = 'the secret of the client'
  const codes = new Map<string, Code>()
  const tokens = new Map<string, Claims>()
  /** Changes an answer of the token endpoint, or all requests, for a test. */
  const faults: {
    signWith?: CryptoKey
    claims?: Record<string, unknown>
    onlyUserInfo?: boolean
    userInfo?: Record<string, unknown>
    isDown?: boolean
    /** Until its ID tokens expire. */
    lifetimeSeconds?: number
  } = {}

  const idTokenOf = (claims: Claims) =>
    new SignJWT({ ...claims, ...faults.claims })
      .setProtectedHeader({ alg: 'RS256', kid: 'only' })
      .setIssuer(String(faults.claims?.iss ?? issuer))
      .setAudience((faults.claims?.aud as string | string[] | undefined) ?? clientId)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1_000) + (faults.lifetimeSeconds ?? 300))
      .sign(faults.signWith ?? privateKey)

  async function exchange(request: Request): Promise<Response> {
    const form = await formOf(request)
    const code = codes.get(form.get('code') ?? '')
    codes.delete(form.get('code') ?? '')
    const isClient =
      form.get('client_id') === clientId && form.get('client_secret') === clientSecret
    const verifier = new TextEncoder().encode(form.get('code_verifier') ?? '')
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', verifier))
    const challenge = digest.toBase64({ alphabet: 'base64url', omitPadding: true })
    const isBound =
      code?.challenge === challenge && code.redirectUri === form.get('redirect_uri') && isClient
    if (code === undefined || !isBound)
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    const access_token = `access-${crypto.randomUUID()}`
    tokens.set(access_token, code.claims)
    const { email: _, email_verified: __, name: ___, ...bare } = code.claims
    const id_token = await idTokenOf(faults.onlyUserInfo ? (bare as Claims) : code.claims)
    const refresh_token = `refresh-${crypto.randomUUID()}`
    return Response.json({ access_token, refresh_token, id_token, token_type: 'Bearer' })
  }

  answering.push(async (request, url) => {
    if (url.origin !== issuer) return null
    if (faults.isDown) return new Response('down', { status: 503 })
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return Response.json({
          issuer,
          authorization_endpoint: `${issuer}/authorize`,
          token_endpoint: `${issuer}/token`,
          userinfo_endpoint: `${issuer}/userinfo`,
          jwks_uri: `${issuer}/jwks`,
          token_endpoint_auth_methods_supported: ['client_secret_post'],
          id_token_signing_alg_values_supported: ['RS256'],
          ...more,
        })
      case '/jwks':
        return Response.json({ keys: [{ ...(await exportJWK(publicKey)), kid: 'only' }] })
      case '/token':
        return exchange(request)
      case '/userinfo': {
        const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
        const claims = tokens.get(token)
        if (claims === undefined) return new Response(null, { status: 401 })
        return Response.json({ ...claims, ...faults.userInfo })
      }
      default:
        return new Response(null, { status: 404 })
    }
  })

  return {
    ...{ issuer, clientId, clientSecret, faults },
    /** The person signs in at the provider. @returns what it adds to the redirect URI */
    authorize(address: string, claims: Claims): Record<string, string> {
      const { searchParams } = new URL(address)
      const get = (name: string) => searchParams.get(name) ?? ''
      const code = `code-${crypto.randomUUID()}`
      codes.set(code, {
        claims: { nonce: get('nonce'), ...claims },
        ...{ challenge: get('code_challenge'), redirectUri: get('redirect_uri') },
      })
      return { code, state: get('state') }
    },
  }
}

export type GithubUser = {
  id: number
  login: string
  name: string | null
  emails: { email: string; verified: boolean; primary: boolean }[]
}

/** GitHub, with its own ways: errors with status 200, and a form for what is no JSON. */
export function openGithub() {
  const codes = new Map<string, { user: GithubUser; challenge: string }>()
  const tokens = new Map<string, GithubUser>()
  const clientSecret = 'the secret at GitHub'

  answering.push(async (request, url) => {
    if (url.origin === 'https://github.com' && url.pathname === '/login/oauth/access_token') {
      const form = await formOf(request)
      const code = codes.get(form.get('code') ?? '')
      const verifier = new TextEncoder().encode(form.get('code_verifier') ?? '')
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', verifier))
      const challenge = digest.toBase64({ alphabet: 'base64url', omitPadding: true })
      const isClient = form.get('client_secret') === clientSecret
      if (code === undefined || code.challenge !== challenge || !isClient) {
        return Response.json({ error: 'bad_verification_code', error_description: 'Incorrect.' })
      }
      if (request.headers.get('accept') !== 'application/json') return new Response('access_token=')
      const access_token = `gho_${crypto.randomUUID()}`
      tokens.set(access_token, code.user)
      return Response.json({ access_token, token_type: 'bearer', scope: 'read:user,user:email' })
    }
    if (url.origin !== 'https://api.github.com') return null
    if (!request.headers.has('user-agent')) return new Response('no agent', { status: 403 })
    const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
    const user = tokens.get(token)
    if (user === undefined) return Response.json({ message: 'Bad credentials' }, { status: 401 })
    const { emails, ...profile } = user
    if (url.pathname === '/user') return Response.json({ ...profile, email: null })
    if (url.pathname === '/user/emails') return Response.json(emails)
    return Response.json({ message: 'Not Found' }, { status: 404 })
  })

  return {
    clientSecret,
    authorize(address: string, user: GithubUser): Record<string, string> {
      const { searchParams } = new URL(address)
      const code = crypto.randomUUID()
      codes.set(code, { user, challenge: searchParams.get('code_challenge') ?? '' })
      return { code, state: searchParams.get('state') ?? '' }
    },
  }
}
