// `npm run test:system`: what the pages say is there, is there, and what they show runs.
import { describe } from 'node:test'
import { testBlocks } from './blocks.ts'
import { testLinks } from './links.ts'
import { readPages } from './pages.ts'

const pages = readPages()
describe('links', () => testLinks(pages))
describe('code blocks', () => testBlocks(pages))
