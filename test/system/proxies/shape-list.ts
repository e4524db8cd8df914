// Requests and responses of every shape that HTTP/1.1 clients and servers exchange.
import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import type { Sent } from './client.ts'

export type Reply = {
  status?: number
  statusMessage?: string
  headers?: [string, string][]
  /** An array is sent in chunks. */
  body?: Buffer | Buffer[] | string
}

/** A request, and the server's response to it. */
export type Shape = { name: string; path?: string; send?: Sent; reply?: Reply }

const noise = randomBytes(1 << 20)
const text = Buffer.from('Grüße aus der API, und das '.repeat(400))
const pieces = Array.from({ length: 40 }, (_, at) => noise.subarray(at * 700, at * 700 + 700))
const json = { 'Content-Type': 'application/json' }

const requestShapes: Shape[] = [
  { name: 'GET' },
  { name: 'HEAD', send: { method: 'HEAD' }, reply: { body: 'not sent' } },
  { name: 'OPTIONS', send: { method: 'OPTIONS' }, reply: { headers: [['Allow', 'GET, POST']] } },
  {
    name: 'a query with reserved and encoded characters',
    path: '/api/c?a=1&a=2&b=%20+c&d[]=e|f&g=%C3%A9&h&=i',
  },
  { name: 'an encoded path', path: '/api/m%65ssages/%C3%A9t%C3%A9%20a' },
  { name: 'an empty query', path: '/api/contacts?' },
  { name: 'two question marks', path: '/api/contacts?a=b?c=d' },
  { name: 'a long path', path: `/api/${'segment/'.repeat(400)}` },
  { name: 'POST of JSON', send: { method: 'POST', headers: json, body: '{"name":"Zoë"}' } },
  { name: 'POST of nothing', send: { method: 'POST', headers: { 'Content-Length': 0 } } },
  { name: 'POST of a form', send: form('application/x-www-form-urlencoded', 'a=1&b=%26') },
  { name: 'POST of several parts', send: form('multipart/form-data; boundary=x', '--x\r\n\r\n') },
  { name: 'POST of a megabyte', send: { method: 'POST', body: noise } },
  { name: 'POST in chunks', send: { method: 'POST', body: pieces } },
  { name: 'POST compressed', send: encoded('gzip', gzipSync(text)) },
  { name: 'POST in an unknown coding', send: encoded('x-odd', noise.subarray(0, 99)) },
  { name: 'PUT', send: { method: 'PUT', body: text } },
  { name: 'PATCH', send: { method: 'PATCH', headers: json, body: '{}' } },
  { name: 'DELETE', send: { method: 'DELETE' }, reply: { status: 204 } },
  { name: 'DELETE with a body', send: { method: 'DELETE', headers: { 'Content-Length': 2 }, body: '{}' } }, // biome-ignore format: a table
  {
    name: 'GET with a body',
    send: { method: 'GET', headers: { 'Content-Length': 2 }, body: '{}' },
  },
  { name: 'a WebDAV method', send: { method: 'PROPFIND' } },
  { name: 'Expect: 100-continue', send: { method: 'PUT', headers: { Expect: '100-continue' } } },
  { name: 'a long header', send: { headers: { 'X-Long': 'y'.repeat(7_000) } } },
  { name: 'many headers', send: { headers: Object.fromEntries(many('X-H')) } },
  { name: 'a header twice', send: { headers: { 'X-Twice': ['one', 'two'] } } },
  { name: 'an empty header', send: { headers: { 'X-Empty': '' } } },
  { name: 'cookies', send: { headers: { Cookie: 'a=1; b="2"; c=%3D' } } },
  { name: 'conditions', send: { headers: { 'If-None-Match': 'W/"1", "2"', 'If-Range': '"1"' } } },
]

const responseShapes: Shape[] = [
  { name: 'an empty 200', reply: { body: '' } },
  { name: 'a megabyte', reply: { headers: [['Content-Length', String(1 << 20)]], body: noise } },
  { name: 'chunks', reply: { body: pieces } },
  { name: '201 with Location', reply: { status: 201, headers: [['Location', '/api/c/1']] } },
  { name: '204', reply: { status: 204 } },
  { name: '206 of one range', send: range('bytes=5-9'), reply: part('bytes 5-9/99', '56789') },
  { name: '206 of two ranges', send: range('bytes=0-0,-1'), reply: parts('--b\r\n\r\n0\r\n--b--') },
  { name: '304', reply: { status: 304, headers: [['ETag', '"1"'], ['Vary', 'Accept']] } }, // biome-ignore format: a table
  { name: '301', reply: { status: 301, headers: [['Location', 'https://example.test/']] } },
  { name: '302 to itself', reply: { status: 302, headers: [['Location', '/api/contacts']] } },
  { name: '307 of a POST', send: { method: 'POST', body: 'x' }, reply: redirect(307) },
  { name: '308', reply: redirect(308) },
  { name: '401 of the API', reply: { status: 401, headers: [['WWW-Authenticate', 'Basic']] } },
  { name: '404 with a page', reply: { status: 404, body: '<p>no</p>' } },
  {
    name: '418 with its own reason phrase',
    reply: { status: 418, statusMessage: 'Short and Stout' },
  },
  { name: '429 of the API', reply: { status: 429, headers: [['Retry-After', '9']] } },
  { name: '500', reply: { status: 500, body: 'oops' } },
  { name: '503', reply: { status: 503, headers: [['Retry-After', '9']], body: 'later' } },
  { name: 'gzip', reply: coded('gzip', gzipSync(text)) },
  { name: 'gzip in chunks', reply: { ...coded('gzip', [gzipSync(text)]) } },
  { name: 'brotli', reply: coded('br', brotliCompressSync(text)) },
  { name: 'deflate', reply: coded('deflate', deflateSync(text)) },
  { name: 'zstandard', reply: coded('zstd', zstdCompressSync(text)) },
  { name: 'HEAD of gzip', send: { method: 'HEAD' }, reply: coded('gzip', gzipSync(text)) },
  { name: 'HEAD with a length', send: { method: 'HEAD' }, reply: { headers: [['Content-Length', '12345']] } }, // biome-ignore format: a table
  { name: 'several cookies', reply: { headers: many('Set-Cookie', (at) => `c${at}=1; Path=/`) } },
  { name: 'many response headers', reply: { headers: many('X-H') } },
  { name: 'cache directives', reply: { headers: [['Cache-Control', 'public, max-age=9'], ['Age', '1']] } }, // biome-ignore format: a table
  { name: 'Link and Content-Disposition', reply: { headers: [['Link', '</a>; rel="next"'], ['Content-Disposition', "attachment; filename*=UTF-8''%e2%82%ac"]] } }, // biome-ignore format: a table
]

export const shapes: Shape[] = [...requestShapes, ...responseShapes]

function form(type: string, body: string): Sent {
  return { method: 'POST', headers: { 'Content-Type': type }, body }
}

function encoded(coding: string, body: Buffer): Sent {
  return { method: 'POST', headers: { 'Content-Encoding': coding }, body }
}

function range(value: string): Sent {
  return { headers: { Range: value } }
}

function part(of: string, body: string): Reply {
  return { status: 206, headers: [['Content-Range', of]], body }
}

function parts(body: string): Reply {
  return { status: 206, headers: [['Content-Type', 'multipart/byteranges; boundary=b']], body }
}

function redirect(status: number): Reply {
  return { status, headers: [['Location', 'http://127.0.0.1:1/never']] }
}

function coded(coding: string, body: Buffer | Buffer[]): Reply {
  const length: [string, string][] = Array.isArray(body) ? [] : [['Content-Length', String(body.length)]] // biome-ignore format: short
  return { headers: [['Content-Encoding', coding], ...length], body }
}

function many(name: string, value = (at: number) => `value ${at}`): [string, string][] {
  const isOne = name.startsWith('Set-')
  return Array.from({ length: 40 }, (_, at) => [isOne ? name : `${name}-${at}`, value(at)])
}
