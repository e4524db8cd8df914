import { Table } from '@cloudflare/kumo/components/table'
import type { ReactNode } from 'react'

export type Column =
  | string
  | {
      name: string
      className?: string
      isHidden?: boolean
      /** In the place of its name. */
      content?: ReactNode
      /** Sorts by the column when it is pressed. */
      sort?: { current: 'ascending' | 'descending' | 'none'; onPress: () => void }
    }

/** The last column of a table whose rows have a menu or a button. */
export const actionsColumn: Column = { name: 'Actions', isHidden: true }

export function TableHead({ columns }: { columns: readonly Column[] }) {
  return (
    <Table.Header>
      <Table.Row>
        {columns.map((column) => {
          const { name, className, isHidden, sort, content } =
            typeof column === 'string' ? { name: column } : column
          return (
            <Table.Head key={name} className={className} aria-sort={sort?.current}>
              {sort ? (
                <SortButton name={name} {...sort} />
              ) : isHidden ? (
                <span className="sr-only">{name}</span>
              ) : (
                (content ?? name)
              )}
            </Table.Head>
          )
        })}
      </Table.Row>
    </Table.Header>
  )
}

const arrows = { ascending: '↑', descending: '↓', none: '' }

type SortProps = { name: string; current: keyof typeof arrows; onPress: () => void }

function SortButton({ name, current, onPress }: SortProps) {
  return (
    <button
      type="button"
      className="cursor-pointer rounded outline-none hover:underline focus-visible:ring-2 focus-visible:ring-kumo-focus"
      onClick={onPress}
    >
      {name} <span aria-hidden>{arrows[current]}</span>
    </button>
  )
}
