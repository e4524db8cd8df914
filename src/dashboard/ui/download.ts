/** Saves a response as a file. Without `fileName`, its Content-Disposition names the file. */
export function download(href: string, fileName = ''): void {
  const link = document.createElement('a')
  link.href = href
  link.download = fileName
  link.click()
}

/** Saves text by a blob: URL, which does not contain the text as a data: URL would. */
export function downloadText(text: string, fileName: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  download(url, fileName)
  URL.revokeObjectURL(url)
}
