// `npm run test:system`: links of the pages resolve, and their code blocks run.
import { describe } from 'node:test'
import { testBlocks } from './blocks.ts'
import { testLinks } from './links.ts'
import { readPages } from './pages.ts'

const pages = readPages()
describe('links', () => testLinks(pages))
describe('code blocks', () => testBlocks(pages))
