// RFC 4180, for spreadsheets too. Pure.

/** By the name in the first line. */
export type CsvColumns<Item> = Record<string, (item: Item) => string | null>

/** What a spreadsheet would run as a formula: https://owasp.org/www-community/attacks/CSV_Injection */
const formula = /^[=+\-@\t\r]/

export function csvLine(cells: readonly (string | null)[]): string {
  const quoted = cells.map((cell) => {
    const text = cell ?? ''
    return `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
  })
  return `${quoted.join(',')}\r\n`
}

/** Without it, Excel does not read UTF-8. */
export const byteOrderMark = '\uFEFF'
