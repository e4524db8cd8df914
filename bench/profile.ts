// `npx node bench/profile.ts`: where the processor time of a hot verification goes, as flame graphs in docs/images.
// The profiled code is not minified, so that functions have names; only the shares are meaningful.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { flameFileOf } from './page/flames.ts'
import { startDeployment } from './support/deployment.ts'
import { flameGraph } from './support/flame.ts'
import { profile } from './support/inspector.ts'
import { fire } from './support/load.ts'
import { imagesFolder } from './support/places.ts'
import { planRows } from './support/rows.ts'
import { signIn } from './support/tenant.ts'

const seconds = process.argv.includes('--quick') ? 2 : 10

const inspectorPort = await freePort()
const deployment = await startDeployment({ inspectorPort })
try {
  const tenant = await signIn(deployment.at('latchkey'), deployment.password)
  mkdirSync(imagesFolder, { recursive: true })
  for (const row of await planRows(tenant, {})) {
    const file = flameFileOf(row.name)
    if (file === null) continue
    const load = {
      url: deployment.at(row.socket) + row.path,
      shots: row.shots,
      connections: 8,
      seconds,
    }
    // The first load lets the code be compiled.
    await fire(load)
    const recorded = await profile(inspectorPort, 'latchkey', () => fire(load))
    writeFileSync(join(imagesFolder, file), flameGraph(recorded, row.name))
    console.log(`docs/images/${file}`)
  }
} finally {
  await deployment.stop()
}
