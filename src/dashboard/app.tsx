// The routes. Each page is a chunk of its own, loaded when its path is first visited.
import { Suspense, useEffect } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { accountInPath, enterAccount } from './api/account.ts'
import { RequireAccount, ToOwnAccount } from './session/require-session.tsx'
import { SignInPage } from './session/sign-in-page.tsx'
import { StepUp } from './session/step-up.tsx'
import { Boundary, failedPage } from './ui/boundary.tsx'
import { chunk } from './ui/chunk.ts'
import { ConnectionNotice } from './ui/connection-notice.tsx'
import { PageLoader } from './ui/page-loader.tsx'
import { reloadPage } from './ui/reload.ts'

const Shell = chunk(() => import('./shell/shell.tsx'))
const KeysPage = chunk(() => import('./keys/keys-page.tsx'))

/** The most frequent page, in parallel with the session, except on paths that need no session. */
export const firstCode: Promise<unknown> =
  /^\/(sign-in|setup|invitations|confirm-address|(forgot|reset)-password)/.test(location.pathname)
    ? Promise.resolve()
    : Promise.all([Shell.preload(), KeysPage.preload()])

const AccountPage = chunk(() => import('./account/account-page.tsx'))
const AccountsPage = chunk(() => import('./platform/accounts-page.tsx'))
const AuditLogPage = chunk(() => import('./audit/audit-log-page.tsx'))
const ConfirmAddressPage = chunk(() => import('./session/confirm-address-page.tsx'))
const EditKeyPage = chunk(() => import('./keys/edit-key-page.tsx'))
const EndpointPage = chunk(() => import('./webhooks/endpoint-page.tsx'))
const ForgotPasswordPage = chunk(() => import('./session/forgot-password-page.tsx'))
const InvitationPage = chunk(() => import('./members/invitation-page.tsx'))
const KeyPage = chunk(() => import('./keys/key-page.tsx'))
const MembersPage = chunk(() => import('./members/members-page.tsx'))
const NewKeyPage = chunk(() => import('./keys/new-key-page.tsx'))
const NotFoundPage = chunk(() => import('./ui/not-found-page.tsx'))
const OverviewPage = chunk(() => import('./overview/overview-page.tsx'))
const PlatformAccountPage = chunk(() => import('./platform/platform-account-page.tsx'))
const PlaygroundPage = chunk(() => import('./playground/playground-page.tsx'))
const ProfilePage = chunk(() => import('./profile/profile-page.tsx'))
const RequestsPage = chunk(() => import('./requests/requests-page.tsx'))
const RequiredFactorPage = chunk(() => import('./factors/required-factor-page.tsx'))
const ResetPasswordPage = chunk(() => import('./session/reset-password-page.tsx'))
const ScopesPage = chunk(() => import('./scopes/scopes-page.tsx'))
const SetupPage = chunk(() => import('./session/setup-page.tsx'))
const StatusPage = chunk(() => import('./status/status-page.tsx'))
const WebhooksPage = chunk(() => import('./webhooks/webhooks-page.tsx'))

export function App() {
  const [path] = useLocation()
  if (!useOneAccount(path)) {
    return (
      <>
        <ConnectionNotice />
        <PageLoader />
      </>
    )
  }
  return (
    <Boundary fallback={failedPage} page={path}>
      <Routes />
      <StepUp />
    </Boundary>
  )
}

function Routes() {
  return (
    <Suspense fallback={<PageLoader />}>
      <Switch>
        <Route path="/sign-in" component={SignInPage} />
        <Route path="/setup" component={SetupPage} />
        <Route path="/confirm-address" component={ConfirmAddressPage} />
        <Route path="/forgot-password" component={ForgotPasswordPage} />
        <Route path="/reset-password" component={ResetPasswordPage} />
        <Route path="/invitations/:id">{({ id }) => <InvitationPage id={id} />}</Route>
        <Route path="/a/:account" nest>
          {({ account }) => (
            <RequireAccount id={account} enrolment={RequiredFactorPage}>
              <Shell>
                <Pages />
              </Shell>
            </RequireAccount>
          )}
        </Route>
        {/* `/keys` and the others, as they were before their address named the account. */}
        <Route component={ToOwnAccount} />
      </Switch>
    </Suspense>
  )
}

/** A page is of one account for as long as it is loaded: the address of another one loads it anew. */
function useOneAccount(path: string): boolean {
  const isSame = enterAccount(accountInPath(path))
  useEffect(() => {
    if (!isSame) void reloadPage()
  }, [isSame])
  return isSame
}

/** Their paths are relative to the account. */
function Pages() {
  const [path] = useLocation()
  return (
    <Boundary fallback={failedPage} page={path}>
      <Suspense fallback={<PageLoader />}>
        <PageOf />
      </Suspense>
    </Boundary>
  )
}

function PageOf() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/keys" replace />
      </Route>
      <Route path="/overview" component={OverviewPage} />
      <Route path="/keys" component={KeysPage} />
      <Route path="/keys/new" component={NewKeyPage} />
      <Route path="/keys/:id">{({ id }) => <KeyPage key={id} id={id} />}</Route>
      <Route path="/keys/:id/edit">{({ id }) => <EditKeyPage key={id} id={id} />}</Route>
      <Route path="/playground" component={PlaygroundPage} />
      <Route path="/requests" component={RequestsPage} />
      <Route path="/webhooks" component={WebhooksPage} />
      <Route path="/webhooks/:id">{({ id }) => <EndpointPage key={id} id={id} />}</Route>
      <Route path="/members" component={MembersPage} />
      <Route path="/audit-log" component={AuditLogPage} />
      <Route path="/account" component={AccountPage} />
      <Route path="/accounts" component={AccountsPage} />
      <Route path="/accounts/:id">{({ id }) => <PlatformAccountPage key={id} id={id} />}</Route>
      <Route path="/profile" component={ProfilePage} />
      <Route path="/scopes" component={ScopesPage} />
      <Route path="/status" component={StatusPage} />
      <Route component={NotFoundPage} />
    </Switch>
  )
}
