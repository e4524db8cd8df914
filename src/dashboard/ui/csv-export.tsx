// Saves a list as CSV, page after page, until it is cancelled. What failed goes on where it was.
import { Button } from '@cloudflare/kumo/components/button'
import { DownloadSimpleIcon } from '@phosphor-icons/react'
import { type RefObject, useEffect, useRef, useState } from 'react'
import { type ApiProblem, unexpected } from '../api/problem.ts'
import { byteOrderMark, type CsvColumns, csvLine } from './csv.ts'
import { download } from './download.ts'
import { numberText } from './number-text.ts'
import { ProblemBanner } from './problem-banner.tsx'

type ReadPage<Item> = (
  cursor: string | undefined,
  signal: AbortSignal,
) => Promise<{ data: readonly Item[]; next_cursor: string | null }>

type Props<Item> = {
  /** What the list holds: "events". */
  noun: string
  fileName: string
  columns: CsvColumns<Item>
  read: ReadPage<Item>
  /** It was pressed already, while its code was loaded. */
  startsAtOnce?: boolean
}

type State = { count: number | null; problem: ApiProblem | null }
const idle: State = { count: null, problem: null }

/** `key`: another one for another filter, since what was read is of one. */
export function CsvExport<Item>(props: Props<Item>) {
  const [{ count, problem }, setState] = useState(idle)
  const written = useRef<Written>(null)
  const aborter = useRef<AbortController>(null)
  const cancel = () => {
    aborter.current?.abort()
    written.current = null
    setState(idle)
  }
  const run = async () => {
    const { signal } = renew(aborter)
    const file = written.current ?? begin(props.columns)
    written.current = file
    setState({ count: file.count, problem: null })
    try {
      await write(file, props, signal, () => setState({ count: file.count, problem: null }))
      if (signal.aborted) return
      download(new Blob(file.parts, { type: 'text/csv;charset=utf-8' }), props.fileName)
      cancel()
    } catch (error) {
      if (!signal.aborted) setState({ count: null, problem: unexpected(error) })
    }
  }
  const button = useRef<HTMLButtonElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: once.
  useEffect(() => {
    if (props.startsAtOnce) {
      button.current?.focus()
      void run()
    }
    return () => aborter.current?.abort()
  }, [])
  return (
    <>
      {count === null ? (
        <Button ref={button} icon={DownloadSimpleIcon} onClick={run}>
          Export CSV
        </Button>
      ) : (
        <Button ref={button} onClick={cancel}>
          Cancel export
        </Button>
      )}
      <p role="status" className="text-sm text-kumo-subtle empty:hidden">
        {count !== null && `${numberText(count)} ${props.noun} so far…`}
      </p>
      {problem && (
        <div className="basis-full">
          <ProblemBanner problem={problem} note="What was read is kept." onRetry={run} />
        </div>
      )}
    </>
  )
}

function renew(aborter: RefObject<AbortController | null>): AbortController {
  const next = new AbortController()
  aborter.current = next
  return next
}

type Written = { parts: BlobPart[]; count: number; next: string | null | undefined }

function begin(columns: CsvColumns<never>): Written {
  return { parts: [byteOrderMark, csvLine(Object.keys(columns))], count: 0, next: undefined }
}

async function write<Item>(
  file: Written,
  { columns, read }: Props<Item>,
  signal: AbortSignal,
  onPage: () => void,
): Promise<void> {
  const cells = Object.values(columns)
  while (file.next !== null && !signal.aborted) {
    const { data, next_cursor } = await read(file.next, signal)
    // A blob may leave memory, which text does not.
    file.parts.push(new Blob([data.map((item) => csvLine(cells.map((of) => of(item)))).join('')]))
    file.count += data.length
    file.next = next_cursor
    if (!signal.aborted) onPage()
  }
}
