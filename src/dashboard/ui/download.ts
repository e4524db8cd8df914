/** Saves text as a file. */
export function downloadText(text: string, fileName: string): void {
  download(new Blob([text], { type: 'text/plain' }), fileName)
}

/** Saves the body of a response as the file that its Content-Disposition names. */
export async function downloadResponse(response: Response): Promise<void> {
  const disposition = response.headers.get('content-disposition') ?? ''
  download(await response.blob(), /filename="([^"]+)"/.exec(disposition)?.[1] ?? 'download')
}

/** By a blob: URL, which does not contain the data as a data: URL would. */
export function download(blob: Blob, fileName: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  URL.revokeObjectURL(url)
}
