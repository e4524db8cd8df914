// Lists whose filter has no index of its own look through a bounded number of rows: what a page costs does not grow with
// the account, and a page may hold fewer rows than were asked for.
export const maxLooked = 20_000

/** `lookedTo`: the last row that was looked at, where others follow it; null: the list ends. */
export type Looked<Row, Position> = { rows: Row[]; lookedTo: Position | null }
