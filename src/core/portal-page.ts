// How the portal's page looks: the deployer's name, logo and theme. Read by the page's first request, not while the Worker starts.

/** `auto`: as the customer's device has it. */
export const portalThemes = ['auto', 'light', 'dark'] as const
export type PortalTheme = (typeof portalThemes)[number]

export type PortalPageInput = {
  /** Above the page; the name of the account if left out. */
  name?: string
  /** A file of the deployment in `src/dashboard/public/`, by its path: `/logo.svg`. */
  logo?: `/${string}`
  /** `auto` if left out. */
  theme?: PortalTheme
}

export type PortalPage = { name: string | null; logo: string | null; theme: PortalTheme }

const maxNameLength = 80

/** @throws Error whose message names the invalid setting and the reason. */
export function readPortalPage(input: PortalPageInput | null): PortalPage {
  const { name = null, logo = null, theme = 'auto' } = input ?? {}
  if (name !== null && (name.trim() === '' || name.length > maxNameLength)) {
    throw invalid(
      `portal.name is "${name.slice(0, maxNameLength)}": it has 1 to ${maxNameLength} characters`,
    )
  }
  // The page's policy loads images of its own origin only, and an API behind the gateway has the same one.
  if (logo !== null && !/^\/[\w-]+(\/[\w-]+)*\.(svg|png|webp|jpg)$/.test(logo)) {
    throw invalid(
      'portal.logo must be the path of an image in src/dashboard/public/, such as /logo.svg',
    )
  }
  if (!portalThemes.includes(theme)) {
    throw invalid(`portal.theme is "${theme}": it must be one of ${portalThemes.join(', ')}`)
  }
  return { name, logo, theme }
}

/** Not `fail`, which is evaluated while the Worker starts: a module that is loaded later would make it a file of its own. */
function invalid(sentence: string): Error {
  return new Error(`latchkey.config.ts: ${sentence}.`)
}
