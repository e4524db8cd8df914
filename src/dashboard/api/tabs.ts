// What the tabs of a browser tell each other.
import { createSignal } from './signal.ts'

export type TabMessage =
  /** Something of an account was changed. */
  { kind: 'changed'; account: string } | { kind: 'signed-in' | 'signed-out' }

const heard = createSignal<TabMessage>()
let channel: BroadcastChannel | null = null

/** To all tabs but this one. */
export function tellTabs(message: TabMessage): void {
  opened()?.postMessage(message)
}

/** @returns a function that ends it */
export function hearTabs(listener: (message: TabMessage) => void): () => void {
  opened()
  return heard.on(listener)
}

function opened(): BroadcastChannel | null {
  if (channel === null && 'BroadcastChannel' in globalThis) {
    channel = new BroadcastChannel('latchkey')
    channel.onmessage = ({ data }: MessageEvent<TabMessage>) => heard.emit(data)
  }
  return channel
}
