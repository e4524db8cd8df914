// `npx node test/simulation/credits/main.ts`: histories of one meter and its callers, exact and fast.
import { runSuite } from '../suite.ts'
import { runSeed as runFast } from './fast/world.ts'
import { runSeed } from './world.ts'

runSuite('credits', runSeed)
runSuite('credits/fast', runFast)
