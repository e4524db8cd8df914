// `npx node test/simulation/usage/main.ts`: histories of usage objects, isolates that count, and the queue between them.
import { runSuite } from '../suite.ts'
import { runSeed } from './world.ts'

runSuite('usage', runSeed)
