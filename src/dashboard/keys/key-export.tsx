// Of export-keys.tsx, which loads it.
import { CsvExport } from '../ui/csv-export.tsx'
import { type KeyFilter, readKeys } from './api.ts'
import { keyColumns } from './key-columns.ts'

export default function KeyExport({ filter }: { filter: KeyFilter }) {
  return (
    <CsvExport
      key={JSON.stringify(filter)}
      startsAtOnce
      noun="keys"
      fileName={`api-keys-${new Date().toISOString().slice(0, 10)}.csv`}
      columns={keyColumns}
      read={(cursor, signal) => readKeys(filter, cursor, signal)}
    />
  )
}
