// Which page stands at which path. Pages are loaded when they are first asked for.
import { lazy, Suspense } from 'react'
import { Redirect, Route, Switch } from 'wouter'
import { Gate } from './components/gate.tsx'
import { Splash } from './components/splash.tsx'
import { SignInPage } from './pages/sign-in.tsx'

const loadShell = () => import('./components/shell.tsx')
const loadKeys = () => import('./pages/keys.tsx')

// Asked for before the session is known, unless nobody can be signed in here yet.
if (!/^\/(sign-in|setup|invitations)/.test(location.pathname)) {
  void loadShell()
  void loadKeys()
}

const Shell = lazy(loadShell)
const KeysPage = lazy(loadKeys)
const AccountPage = lazy(() => import('./pages/account.tsx'))
const AuditLogPage = lazy(() => import('./pages/audit-log.tsx'))
const EditKeyPage = lazy(() => import('./pages/edit-key.tsx'))
const InvitationPage = lazy(() => import('./pages/invitation.tsx'))
const KeyPage = lazy(() => import('./pages/key.tsx'))
const MembersPage = lazy(() => import('./pages/members.tsx'))
const NotFoundPage = lazy(() => import('./pages/not-found.tsx'))
const NewKeyPage = lazy(() => import('./pages/new-key.tsx'))
const ProfilePage = lazy(() => import('./pages/profile.tsx'))
const ScopesPage = lazy(() => import('./pages/scopes.tsx'))
const StatusPage = lazy(() => import('./pages/status.tsx'))
const SetupPage = lazy(() => import('./pages/setup.tsx'))
const WebhookPage = lazy(() => import('./pages/webhook.tsx'))
const WebhooksPage = lazy(() => import('./pages/webhooks.tsx'))

export function App() {
  return (
    <Suspense fallback={<Splash />}>
      <Switch>
        <Route path="/sign-in" component={SignInPage} />
        <Route path="/setup" component={SetupPage} />
        <Route path="/invitations/:id">{({ id }) => <InvitationPage id={id} />}</Route>
        <Route>
          <Gate>
            <Shell>
              <Suspense fallback={<Splash />}>
                <Pages />
              </Suspense>
            </Shell>
          </Gate>
        </Route>
      </Switch>
    </Suspense>
  )
}

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
      <Route path="/webhooks/:id">{({ id }) => <WebhookPage key={id} id={id} />}</Route>
      <Route path="/members" component={MembersPage} />
      <Route path="/audit-log" component={AuditLogPage} />
      <Route path="/account" component={AccountPage} />
      <Route path="/profile" component={ProfilePage} />
      <Route path="/scopes" component={ScopesPage} />
      <Route path="/status" component={StatusPage} />
      <Route component={NotFoundPage} />
    </Switch>
  )
}
