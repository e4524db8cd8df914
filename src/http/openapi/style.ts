// The one style sheet of the readable pages.
export const style = `
:root { color-scheme: light dark; --line: light-dark(#ddd, #333); --soft: light-dark(#f6f6f7, #1c1c1f);
  --text: light-dark(#1a1a1e, #e8e8ea); --quiet: light-dark(#5c5c66, #a2a2ad); --link: light-dark(#0b57d0, #8ab4f8) }
* { box-sizing: border-box }
html { scroll-padding-top: 4rem }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; color: var(--text); background: light-dark(#fff, #131316) }
a { color: var(--link) }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px }
header { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; gap: 0 1.25rem; padding: .75rem 1.5rem;
  background: inherit; border-bottom: 1px solid var(--line) }
.brand { color: inherit; font-weight: 650; text-decoration: none }
.columns { display: grid; grid-template-columns: 15rem minmax(0, 52rem); gap: 2.5rem; padding: 0 1.5rem 4rem }
nav { position: sticky; top: 3.2rem; align-self: start; max-height: calc(100vh - 3.2rem); overflow-y: auto; padding: 1rem 0 }
nav h2 { margin: 1rem 0 .25rem; font-size: .75rem; letter-spacing: .04em; text-transform: uppercase; color: var(--quiet) }
nav ul { margin: 0; padding: 0; list-style: none; font-size: .875rem }
nav a { text-decoration: none }
h1 { margin: 1.5rem 0 .5rem }
main h2 { margin-top: 2.5rem }
h3 { margin: 0; font-size: 1rem; overflow-wrap: anywhere }
h4 { margin: 1rem 0 .25rem; font-size: .875rem }
article { margin: 1rem 0; padding: 1rem 1.25rem; border: 1px solid var(--line); border-radius: .6rem }
article h2 { margin: 0; font-size: 1.05rem }
article:target { border-color: var(--link) }
.summary { font-weight: 550 }
p { margin: .5rem 0 }
.callers { font-size: .875rem; color: var(--quiet) }
code, pre { font: .875em/1.5 ui-monospace, monospace }
pre { margin: .25rem 0; padding: .75rem 1rem; overflow-x: auto; background: var(--soft); border-radius: .4rem }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; border-top: 1px solid var(--line) }
td p { margin: 0 }
.method, .status { padding: .1rem .45rem; border-radius: .3rem; background: var(--soft); font-size: .75rem; font-weight: 650 }
.get { color: light-dark(#0b57d0, #8ab4f8) } .post { color: light-dark(#137333, #81c995) }
.patch { color: light-dark(#8a4b00, #fdc069) } .delete { color: light-dark(#b3261e, #f2a19b) }
@media (max-width: 50rem) { .columns { grid-template-columns: minmax(0, 1fr); gap: 0 } nav { position: static; max-height: none } }
`
