// `npx node test/simulation/credits/fast/main.ts`: histories of fast limits alone.
import { runSuite } from '../../suite.ts'
import { runSeed } from './world.ts'

runSuite('credits/fast', runSeed)
