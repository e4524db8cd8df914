/** The key of shortcuts of the page, as it is written on the keyboard. */
export const modKey = /Mac|iP(hone|ad)/.test(navigator.userAgent) ? '⌘' : 'Ctrl'
