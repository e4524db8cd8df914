// `npx latchkey` as published, each command a process of its own, against a real `npm start`.
import { after, before, describe } from 'node:test'
import { installCli } from './cli.ts'
import { type Deployment, startDeployment } from './deployment.ts'
import { testDoctor } from './doctor.ts'
import { testImport } from './import.ts'
import { testKeys } from './keys.ts'
import { testPeople } from './people.ts'
import { testProgram } from './program.ts'
import type { Scene } from './scene.ts'

let deployment: Deployment
const installed = installCli()
before(async () => {
  deployment = await startDeployment()
})
after(async () => {
  await deployment?.stop()
  installed.remove()
})

const scene = (): Scene => ({ deployment, cli: installed.cli })

describe('the program', () => testProgram(scene))
describe('keys', () => testKeys(scene))
describe('people', () => testPeople(scene))
describe('import', () => testImport(scene))
describe('doctor', () => testDoctor(scene))
