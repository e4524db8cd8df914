// Creates a key and shows its token once.
import { Banner } from '@cloudflare/kumo/components/banner'
import { useQuery } from '@tanstack/react-query'
import { Link, useLocation, useSearch, useSearchParams } from 'wouter'
import { scopesQuery } from '../scopes/api.ts'
import { QuotaNotice } from '../session/quota-notice.tsx'
import { useSignedIn } from '../session/signed-in.tsx'
import { BackLink } from '../ui/back-link.tsx'
import { useDraft } from '../ui/drafts.ts'
import { Page } from '../ui/page.tsx'
import { QueryProblem } from '../ui/query-problem.tsx'
import { RestoredNote } from '../ui/restored-note.tsx'
import { ListSkeleton } from '../ui/skeleton.tsx'
import { createKey, formatsQuery, keyQuery, templatesQuery } from './api.ts'
import { emptyDraft, newKeyOf } from './key-draft.ts'
import { KeyForm } from './key-form.tsx'
import {
  type Proposal,
  proposalOfCopy,
  proposalOfLink,
  proposalOfTemplate,
} from './new-key-link.ts'
import { TemplateList } from './template-list.tsx'
import { useFirstTime, useKeyDraft } from './use-key-draft.ts'
import { useMinting } from './use-minting.tsx'

export default function NewKeyPage() {
  const { readOnlyReason } = useSignedIn()
  const search = useSearch()
  return (
    <Page
      title="Create API key"
      isNarrow
      above={<BackLink path="/keys">API keys</BackLink>}
      description={readOnlyReason}
    >
      {readOnlyReason === null && <QuotaNotice quota="keys" />}
      {readOnlyReason === null ? (
        <ProposedForm key={search} />
      ) : (
        <Link href="/keys" className="text-kumo-link underline">
          Go to API keys
        </Link>
      )}
    </Page>
  )
}

const draftName = 'new key'

/** What the address proposes stands in the form: a template, fields of a link, or the grant of another key. */
function ProposedForm() {
  const [params] = useSearchParams()
  const copyOf = params.get('copy_of')
  const isProposing = params.size > 0
  const { role } = useSignedIn()
  const templates = useQuery(templatesQuery)
  const scopes = useQuery({ ...scopesQuery, enabled: isProposing })
  const formats = useQuery({ ...formatsQuery, enabled: isProposing })
  const copied = useQuery({ ...keyQuery(copyOf ?? ''), enabled: copyOf !== null })
  const needed = [templates, ...(isProposing ? [scopes, formats] : []), ...(copyOf ? [copied] : [])]
  const failed = needed.find(({ error, data }) => error && data === undefined)
  if (failed) return <QueryProblem query={failed} />
  if (needed.some(({ data }) => data === undefined)) return <ListSkeleton label="Loading form" />
  const { data: catalogue = [] } = scopes
  const context = { catalogue, formats: formats.data ?? [], role, nowMs: Date.now() }
  const asked = params.get('template')
  const template = templates.data?.find((each) => each.template === asked)
  const proposal = copied.data
    ? proposalOfCopy(copied.data, context)
    : template
      ? proposalOfTemplate(template, context)
      : proposalOfLink(params, context)
  return (
    <>
      {copyOf === null && <TemplateList templates={templates.data ?? []} current={asked} />}
      {asked !== null && !template && (
        <Banner variant="secondary" title={`No template is called “${asked.slice(0, 60)}”`} />
      )}
      <NewKeyForm proposal={proposal} />
    </>
  )
}

function NewKeyForm({ proposal }: { proposal: Proposal | null }) {
  const [, navigate] = useLocation()
  const { role } = useSignedIn()
  // What was typed into the form of one link is not shown in that of another.
  const search = useSearch()
  const draft = useDraft(
    search ? `${draftName}?${search}` : draftName,
    () => proposal?.draft ?? emptyDraft,
  )
  const { fields, validate } = useKeyDraft(draft)
  const firstTime = useFirstTime(draftName)
  const minting = useMinting(createKey, {
    onMade: draft.forget,
    // Replaced, so that going back does not lead to a form that would create another key.
    onStored: (id) => navigate(`/keys/${id}`, { replace: true }),
  })
  const submit = async () => {
    if (validate()) await minting.run(newKeyOf(draft.value, firstTime(draft.value)))
  }
  const cancel = () => {
    draft.forget()
    navigate('/keys')
  }
  return (
    <>
      <RestoredNote draft={draft} />
      {proposal && <ProposalNote notes={proposal.notes} />}
      <KeyForm
        // Another form, with no section opened, where it starts anew.
        key={String(draft.isRestored)}
        {...fields}
        problem={minting.problem}
        forget={minting.forget}
        isPending={minting.isPending}
        inheritance={{ whose: 'your', role }}
        submit="Create key"
        waitingFor="Creating the key"
        onSubmit={submit}
        onCancel={cancel}
      />
      {minting.dialog}
    </>
  )
}

/** Somebody else may have written the link: what it fills in is looked at before the key is created. */
function ProposalNote({ notes }: { notes: readonly string[] }) {
  return (
    <Banner
      variant="secondary"
      title="This form is filled in"
      description={
        <>
          {notes.map((note) => (
            <span key={note} className="block wrap-anywhere">
              {note}
            </span>
          ))}
          <span className="block">Look it over: no key is made before you create it.</span>
        </>
      }
    />
  )
}
