import { Table } from '@cloudflare/kumo/components/table'

export type Column = string | { name: string; className?: string; isHidden?: boolean }

/** The last column of a table whose rows have a menu or a button. */
export const actionsColumn: Column = { name: 'Actions', isHidden: true }

export function TableHead({ columns }: { columns: readonly Column[] }) {
  return (
    <Table.Header>
      <Table.Row>
        {columns.map((column) => {
          const { name, className, isHidden } =
            typeof column === 'string' ? { name: column } : column
          return (
            <Table.Head key={name} className={className}>
              {isHidden ? <span className="sr-only">{name}</span> : name}
            </Table.Head>
          )
        })}
      </Table.Row>
    </Table.Header>
  )
}
