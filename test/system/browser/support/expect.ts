// What a page shows, waited for: an assertion is tried again until it holds. A value that is read once and then
// compared is what a page showed at one moment, and on a machine under load that moment is another one.
import { expect as base } from 'playwright/test'

export const expect = base.configure({ timeout: 30_000 })
