import './session/address-code.ts'
import { render } from 'preact'
import { App } from './app.tsx'
import { startPortal } from './session/portal.ts'

const root = document.getElementById('root')
startPortal()
if (root) render(<App />, root)
