// `npx node test/simulation/view/main.ts`: histories of fences and views alone.
import { runSuite } from '../suite.ts'
import { runSeed } from './world.ts'

runSuite('view', runSeed)
