// The policy of the pages lets no string become HTML or script. ECharts empties its element with innerHTML = '',
// which makes nothing, and is all that is let through.
globalThis.trustedTypes?.createPolicy('default', {
  createHTML: (html) => (html === '' ? html : null),
})
