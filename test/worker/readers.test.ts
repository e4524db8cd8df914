// The readers of text from outside (src/core): names, times, ids, secrets, JSON, metadata, paths, and what
// cuts tokens out of text. Each against its specification, and each linear in its input.
import { describe, expect, it } from 'vitest'
import { holdsToken } from '../../src/core/held-secret.ts'
import { readId } from '../../src/core/id.ts'
import { readJson, readJsonText } from '../../src/core/json.ts'
import { metadataError } from '../../src/core/metadata.ts'
import { isAmbiguous, isAmbiguousUpstream, readPath } from '../../src/core/path.ts'
import { redact } from '../../src/core/redact.ts'
import { readSecret, readSecretList } from '../../src/core/secrets.ts'
import { foldForSearch, quote, readName } from '../../src/core/text.ts'
import { readTime } from '../../src/core/time.ts'
import fc from '../support/fc.ts'

describe('redact', () => {
  /** The same by regular expression, for short texts: this one backtracks. */
  const specification =
    /eyJ[\w-]*\.[\w-]+\.[\w-]*|[A-Za-z0-9][\w-]*_[0-9A-Za-z]{16,}|(?<![0-9A-Za-z])[0-9A-Za-z]{40,}/g
  const letters = fc.constantFrom('a', 'Z', '7', '_', '-', '.', ' ', 'e', 'y', 'J', '\u2028')

  it('is its specification on every short text without a JWT', () => {
    const runs = fc.array(
      fc.oneof(
        letters,
        fc.constantFrom('a'.repeat(15), 'b'.repeat(16), 'c'.repeat(39), 'd'.repeat(40)),
      ),
      { maxLength: 12 },
    )
    fc.assert(
      fc.property(runs, (parts) => {
        const text = parts.join('')
        fc.pre(!text.includes('eyJ'))
        expect(redact(text)).toBe(text.replace(specification, '[redacted]'))
      }),
      { numRuns: 5_000 },
    )
  })

  it('redacts a JWT completely, whatever its header contains', () => {
    const jwt = `eyJhbGciOiJFUzI1NiJ9_${'a'.repeat(20)}.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_x`
    expect(redact(`path /x/${jwt}/y`)).toBe('path /x/[redacted]/y')
    expect(redact(`whm_${'0'.repeat(32)} and ${jwt}`)).toBe('[redacted] and [redacted]')
  })

  it.each([
    ['a prefix without a token', '_'.repeat(40)],
    ['an id', '7b1f3c2e-5d4a-4c3b-9e2f-0123456789ab'],
    ['words', 'Content-Type: application/json; charset=utf-8'],
  ])('keeps %s', (_, text) => {
    expect(redact(text)).toBe(text)
  })

  it('reads each letter a fixed number of times', () => {
    for (const unit of ['aaaaaaaaaaaaaaa_', 'eyJa.', 'a_', 'a-', '_', `${'a'.repeat(39)}_`]) {
      const small = readsOf(unit.repeat(1_000))
      const large = readsOf(unit.repeat(2_000))
      expect(large / small).toBeLessThan(2.2)
    }
  })

  /** Letters that `redact` looks at, of a text of that content. */
  function readsOf(text: string): number {
    let reads = 0
    const original = String.prototype.charCodeAt
    String.prototype.charCodeAt = function counted(at: number) {
      reads++
      return original.call(this, at)
    }
    try {
      redact(text)
    } finally {
      String.prototype.charCodeAt = original
    }
    return reads
  }
})

describe('readName', () => {
  it.each([
    ['  Ann  ', 'Ann'],
    ['u\u0308ber', 'über'],
    ['👍'.repeat(80), '👍'.repeat(80)],
    ['משה', 'משה'],
    ['👩‍👩‍👧', '👩‍👩‍👧'],
  ])('reads %j', (text, name) => {
    expect(readName(text)).toEqual({ name })
  })

  it.each([
    '',
    ' \u00a0\u3000',
    '\u200b\u2060\ufeff',
    '\u3164',
    '\u2800',
    'a\nb',
    'a\u2028b',
    'a\u0000b',
    'a\u0085b',
    'a\u202eb',
    'a\u2066b',
    'a\ud800b',
    '👍'.repeat(81),
    'x'.repeat(60_000),
  ])('refuses %j', (text) => {
    expect(readName(text)).toHaveProperty('error')
  })

  it('reads its own output unchanged', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 90 }), (text) => {
        const reading = readName(text)
        if ('name' in reading) expect(readName(reading.name)).toEqual(reading)
      }),
    )
  })
})

describe('foldForSearch', () => {
  it('ignores case beyond ASCII and how a letter is composed', () => {
    expect(foldForSearch('ÜBERMUT')).toContain(foldForSearch('u\u0308ber'))
    expect(foldForSearch('ﬁ ẞ ß ΣΑΣ ＡｂＣ')).toBe('fi ss ss σασ abc')
  })

  it('is the same for every case and composition of a text, and for what it gives back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 20 }), (text) => {
        // Its capital is a letter of its own, so other marks change places with it.
        fc.pre(!text.normalize('NFKD').includes('\u0345'))
        const folded = foldForSearch(text)
        const same = [
          folded,
          text.toLowerCase(),
          text.toUpperCase(),
          ...['NFC', 'NFD', 'NFKC', 'NFKD'].map((form) => text.normalize(form)),
        ]
        for (const each of same) expect(foldForSearch(each)).toBe(folded)
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('quote', () => {
  it('cuts at 100 characters, never within a surrogate pair', () => {
    expect(quote('a'.repeat(100))).toBe('a'.repeat(100))
    expect(quote(`${'a'.repeat(99)}👍`).isWellFormed()).toBe(true)
    expect(quote('a'.repeat(60_000))).toHaveLength(101)
  })
})

describe('readId', () => {
  it('accepts a UUID in any case', () => {
    const id = '7B1F3C2E-5D4A-4C3B-9E2F-0123456789AB'
    expect(readId(id)).toBe(id.toLowerCase())
    expect(readId(` ${id}`)).toBeNull()
    expect(readId(`${id}0`)).toBeNull()
    expect(readId('7b1f3c2e5d4a4c3b9e2f0123456789ab')).toBeNull()
    // U+212A is K to toLowerCase: still no hexadecimal digit.
    expect(readId(id.replace('A', '\u212a'))).toBeNull()
  })
})

describe('readTime', () => {
  it.each([
    ['2027-12-31T23:59:59Z', '2027-12-31T23:59:59.000Z'],
    ['2027-12-31t23:59:59.5z', '2027-12-31T23:59:59.500Z'],
    ['2027-12-31T23:59:59.123456789+02:30', '2027-12-31T21:29:59.123Z'],
    [`2027-12-31T23:59:59.${'123456789'.repeat(11)}0Z`, '2027-12-31T23:59:59.123Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['2017-01-01T00:59:60+01:00', '2017-01-01T00:00:00.000Z'],
    ['2028-02-29T00:00:00-00:00', '2028-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ])('reads %s', (text, time) => {
    const read = readTime(text)
    expect(read === null ? null : new Date(read).toISOString()).toBe(time)
  })

  it.each([
    '2027-02-29T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-00-10T00:00:00Z',
    '2027-12-31T24:00:00Z',
    '2027-12-31T12:00:60Z',
    '2027-12-31 23:59:59Z',
    '2027-12-31T23:59:59',
    '2027-12-31T23:59:59+24:00',
    '9999-12-31T23:59:59-00:01',
    '0000-01-01T00:00:00+00:01',
    '+010000-01-01T00:00:00Z',
    '2027-12-31T23:59Z',
    '2027-12-31T23:59:59.Z',
    `2027-12-31T23:59:59.${'1'.repeat(101)}Z`,
    '2027-12-31T23:59:59Z\n',
    '',
  ])('refuses %j', (text) => {
    expect(readTime(text)).toBeNull()
  })

  it('reads back every instant that it can write', () => {
    const years = fc.date({
      min: new Date('0000-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    fc.assert(fc.property(years, (date) => readTime(date.toISOString()) === date.getTime()))
  })
})

describe('secrets', () => {
  it('drops white space around each', () => {
    expect(readSecretList('TAG_SECRETS', ' new ,\told\n')).toEqual(['new', 'old'])
    expect(readSecret('SETUP_TOKEN', 'token\n')).toBe('token')
  })

  it.each([undefined, '', ' ', ',', 'a,', 'a,,b', 'a\nb'])(
    'refuses %j, naming the secret alone',
    (value) => {
      const read = () => readSecretList('TAG_SECRETS', value)
      expect(read).toThrow('TAG_SECRETS')
      expect(read).not.toThrow(/a\nb/)
    },
  )
})

describe('readJson', () => {
  const bytes = (text: string) => new TextEncoder().encode(text)

  it('returns the same value as JSON.parse', () => {
    // A name `__proto__` is refused: a case below.
    const texts = fc
      .json({ maxDepth: 6, stringUnit: 'binary' })
      .filter((text) => !text.includes('"__proto__":'))
    fc.assert(
      fc.property(texts, (text) => {
        expect(readJson(bytes(text))).toEqual({ value: JSON.parse(text) })
      }),
    )
  })

  it.each([
    ['a text that is not UTF-8', Uint8Array.of(0x22, 0xc3, 0x28, 0x22), ''],
    ['a lone surrogate', bytes('{"a":[{"b":"\\ud800"}]}'), 'a.0.b'],
    ['a name with a lone surrogate', bytes('{"a":{"\\udc00":1}}'), 'a.\ufffd'],
    ['a prototype', bytes('{"a":{"__proto__":{}}}'), 'a.__proto__'],
    ['an integer beyond a double', bytes('{"n":12345678901234567890}'), 'n'],
    ['a number beyond a double', bytes('{"n":[1,1e400]}'), 'n.1'],
    ['a fraction beyond a double', bytes('0.1234567890123456789'), ''],
    ['a nesting of 33', bytes('['.repeat(33) + ']'.repeat(33)), ''],
    ['a nesting of 60,000', bytes('['.repeat(60_000)), ''],
    ['no JSON', bytes('{"a":'), ''],
    ['nothing', bytes(''), ''],
  ])('refuses %s, with its path', (_, body, path) => {
    expect(readJson(body)).toMatchObject({ errors: [{ path }] })
  })

  it.each(['1.0', '1e3', '-0', '0.1', '1.7976931348623157e308', '100000000000000000000', '5e-324'])(
    'takes %s',
    (text) => {
      expect(readJsonText(text)).toEqual({ value: JSON.parse(text) })
    },
  )

  it('does not count braces in text', () => {
    expect(readJsonText(`"${'['.repeat(100)}\\"["`)).toHaveProperty('value')
  })
})

describe('metadataError', () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 1 ? {} : { a: nested(depth - 1) }

  it('bounds depth and bytes', () => {
    expect(metadataError(nested(8))).toBeNull()
    expect(metadataError(nested(9))).toContain('8')
    expect(metadataError({ a: 'ü'.repeat(2_000) })).toBeNull()
    expect(metadataError({ a: 'ü'.repeat(2_048) })).toContain('4096')
  })
})

describe('readPath', () => {
  it.each([
    ['/', ['']],
    ['/api/contacts', ['api', 'contacts']],
    ['/api/contacts/', ['api', 'contacts', '']],
    ['/a/%41%C3%BC', ['a', 'Aü']],
    ['/a;b/c%2525', ['a;b', 'c%25']],
    ['/a%23b%20', ['a#b ']],
  ])('reads %s', (path, segments) => {
    expect(readPath(path)).toEqual(segments)
    expect(isAmbiguous(path)).toBe(false)
  })

  it.each([
    '',
    'a',
    '//',
    '//a',
    '/a//b',
    '/a//',
    '/.',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/%2e/a',
    '/a/%2E%2e',
    '/a/.%2e/b',
    '/a\\b',
    '/a%5cb',
    '/a%2fb',
    '/a%2Fb',
    '/a%00',
    '/a%0a',
    '/a%7f',
    '/a%c2%85',
    '/a%',
    '/a%zz',
    '/a%ff',
    '/a\u0000b',
    '/a#b',
    '/a/#',
    '/a ',
  ])('has no one reading of %j', (path) => {
    expect(readPath(path)).toBeNull()
    expect(isAmbiguous(path)).toBe(true)
  })

  it('agrees with the scan for plain paths', () => {
    const piece = fc.constantFrom(
      '/',
      '.',
      '%2e',
      '%2f',
      '%',
      '\\',
      '#',
      ' ',
      '~',
      'a',
      'é',
      '\u0000',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = pieces.join('')
        expect(isAmbiguous(path)).toBe(readPath(path) === null)
      }),
      { numRuns: 5_000 },
    )
  })

  it('detects paths that an upstream may parse differently', () => {
    expect(isAmbiguousUpstream(['a', 'b;c'])).toBe(true)
    expect(isAmbiguousUpstream(['%2f'])).toBe(true)
    expect(isAmbiguousUpstream(['a', 'b'])).toBe(false)
  })
})

describe('what a header may not hold', () => {
  const formats = {
    formats: { whm: { prefix: 'whm_', alphabet: 'hex', length: 32, tagLength: 8 } },
    foreign: { nested: { prefix: 'a_', alphabet: 'base64url', length: { min: 20, max: 30 } } },
  } as const

  it('is a token wherever one begins, on every text', () => {
    const specification = /whm_[0-9a-f]{32}|a_[\w-]{20}|lkps_[\w-]{40}/
    const part = fc.oneof(
      ...[fc.constantFrom('whm_', 'a_', 'lkps_', 'a', '_', '!', 'G', 'a_a_', 'whm_whm_')],
      ...[10, 11, 19, 20, 31, 32, 40].map((length) =>
        fc.constant('0f'.repeat(20).slice(0, length)),
      ),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        expect(holdsToken(text, formats), text).toBe(specification.test(text))
      }),
      { numRuns: 3_000 },
    )
  })

  it.each(['a_', 'whm_', 'a_!', `${'a_'.repeat(90)}!`, 'lkps_', 'a_whm_'])(
    'is searched once where %s is repeated',
    (unit) => {
      const long = { nested: { prefix: 'a_', alphabet: 'base64url', length: 190 } } as const
      const search = (count: number) =>
        lettersOf(() => holdsToken(unit.repeat(count), { ...formats, foreign: long }))
      expect(search(2_000)).toBeLessThanOrEqual(2.2 * search(1_000))
      expect(search(1_000)).toBeLessThanOrEqual(4 * 1_000 * unit.length)
    },
  )

  /** Letters that its regular expressions match, and one for each time that they are tried. */
  function lettersOf(work: () => void): number {
    let letters = 0
    const original = RegExp.prototype.exec
    RegExp.prototype.exec = function counted(text: string) {
      const match = original.call(this, text)
      letters += 1 + (match?.[0].length ?? 0)
      return match
    }
    try {
      work()
    } finally {
      RegExp.prototype.exec = original
    }
    return letters
  }
})
