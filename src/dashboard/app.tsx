// The routes. Each page is a chunk of its own, loaded when its path is first visited.
import { lazy, Suspense, useEffect } from 'react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import { accountInPath, enterAccount } from './api/account.ts'
import { RequireAccount, ToOwnAccount } from './session/require-session.tsx'
import { SignInPage } from './session/sign-in-page.tsx'
import { StepUp } from './session/step-up.tsx'
import { PageLoader } from './ui/page-loader.tsx'

const loadShell = () => import('./shell/shell.tsx')
const loadKeys = () => import('./keys/keys-page.tsx')

// Load the most frequent page in parallel with the session, except on paths that need no session.
if (!/^\/(sign-in|setup|invitations|(forgot|reset)-password)/.test(location.pathname)) {
  void loadShell()
  void loadKeys()
}

const Shell = lazy(loadShell)
const KeysPage = lazy(loadKeys)
const AccountPage = lazy(() => import('./account/account-page.tsx'))
const AccountsPage = lazy(() => import('./platform/accounts-page.tsx'))
const AuditLogPage = lazy(() => import('./audit/audit-log-page.tsx'))
const EditKeyPage = lazy(() => import('./keys/edit-key-page.tsx'))
const EndpointPage = lazy(() => import('./webhooks/endpoint-page.tsx'))
const ForgotPasswordPage = lazy(() => import('./session/forgot-password-page.tsx'))
const InvitationPage = lazy(() => import('./members/invitation-page.tsx'))
const KeyPage = lazy(() => import('./keys/key-page.tsx'))
const MembersPage = lazy(() => import('./members/members-page.tsx'))
const NewKeyPage = lazy(() => import('./keys/new-key-page.tsx'))
const NotFoundPage = lazy(() => import('./ui/not-found-page.tsx'))
const PlatformAccountPage = lazy(() => import('./platform/platform-account-page.tsx'))
const ProfilePage = lazy(() => import('./profile/profile-page.tsx'))
const ResetPasswordPage = lazy(() => import('./session/reset-password-page.tsx'))
const ScopesPage = lazy(() => import('./scopes/scopes-page.tsx'))
const SetupPage = lazy(() => import('./session/setup-page.tsx'))
const StatusPage = lazy(() => import('./status/status-page.tsx'))
const WebhooksPage = lazy(() => import('./webhooks/webhooks-page.tsx'))

export function App() {
  if (!useOneAccount()) return <PageLoader />
  return (
    <Suspense fallback={<PageLoader />}>
      <Switch>
        <Route path="/sign-in" component={SignInPage} />
        <Route path="/setup" component={SetupPage} />
        <Route path="/forgot-password" component={ForgotPasswordPage} />
        <Route path="/reset-password" component={ResetPasswordPage} />
        <Route path="/invitations/:id">{({ id }) => <InvitationPage id={id} />}</Route>
        <Route path="/a/:account" nest>
          {({ account }) => (
            <RequireAccount id={account}>
              <Shell>
                <Suspense fallback={<PageLoader />}>
                  <Pages />
                </Suspense>
              </Shell>
            </RequireAccount>
          )}
        </Route>
        {/* `/keys` and the others, as they were before their address named the account. */}
        <Route component={ToOwnAccount} />
      </Switch>
      <StepUp />
    </Suspense>
  )
}

/** A page is of one account for as long as it is loaded: the address of another one loads it anew. */
function useOneAccount(): boolean {
  const [path] = useLocation()
  const isSame = enterAccount(accountInPath(path))
  useEffect(() => {
    if (!isSame) location.reload()
  }, [isSame])
  return isSame
}

/** Their paths are relative to the account. */
function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to="/keys" replace />
      </Route>
      <Route path="/keys" component={KeysPage} />
      <Route path="/keys/new" component={NewKeyPage} />
      <Route path="/keys/:id">{({ id }) => <KeyPage key={id} id={id} />}</Route>
      <Route path="/keys/:id/edit">{({ id }) => <EditKeyPage key={id} id={id} />}</Route>
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
