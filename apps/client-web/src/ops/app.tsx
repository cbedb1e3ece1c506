import { lazy, Suspense } from "react";
import type { ComponentType } from "react";
import { Redirect, Route, Switch, useLocation, useParams } from "wouter";
import { homePath, signInPath } from "./api/return-path.ts";
import { useRouteSeen } from "./shell/arrivals.ts";
import { Frame } from "./shell/frame.tsx";
import { Loading } from "./shell/loading.tsx";
import { NotFound } from "./shell/not-found.tsx";
import { RequireSession } from "./shell/require-session.tsx";
import { SignInPage } from "./sign-in/sign-in-page.tsx";

/** A page that is fetched when it is gone to. */
function page<Name extends string>(
  load: () => Promise<Readonly<Record<Name, ComponentType>>>,
  name: Name,
) {
  return lazy<ComponentType>(async () => ({ default: (await load())[name] }));
}

const RunsPage = page(() => import("./runs/runs-page.tsx"), "RunsPage");
const NewRunPage = page(() => import("./new-run/new-run-page.tsx"), "NewRunPage");
const RunPage = lazy(async () => ({ default: (await import("./run/index.ts")).RunPage }));
const ComparePage = page(() => import("./compare/index.ts"), "ComparePage");
const SimulationsPage = page(() => import("./simulations/index.ts"), "SimulationsPage");
const PeoplePage = page(() => import("./people/people-page.tsx"), "PeoplePage");
const AuditPage = page(() => import("./audit/audit-page.tsx"), "AuditPage");
const SettingsPage = page(() => import("./settings/settings-page.tsx"), "SettingsPage");

/** All pages by their addresses. */
export function App() {
  const [path] = useLocation();
  useRouteSeen(path);
  return (
    <Switch>
      <Route path={signInPath}>
        <SignInPage />
      </Route>
      <Route>
        <RequireSession>
          <Frame>
            <Suspense fallback={<Loading />}>
              <Pages />
            </Suspense>
          </Frame>
        </RequireSession>
      </Route>
    </Switch>
  );
}

function Pages() {
  return (
    <Switch>
      <Route path="/">
        <Redirect to={homePath} replace />
      </Route>
      <Route path="/runs" component={RunsPage} />
      <Route path="/runs/new" component={NewRunPage} />
      <Route path="/runs/:run/:tab?/:sub?" component={RunRoute} />
      <Route path="/compare" component={ComparePage} />
      <Route path="/simulations/:id?/:tab?" component={SimulationsPage} />
      <Route path="/people" component={PeoplePage} />
      <Route path="/audit" component={AuditPage} />
      <Route path="/settings" component={SettingsPage} />
      <Route>
        <NotFound />
      </Route>
    </Switch>
  );
}

/** Another run is another page: nothing of the one before stays. */
function RunRoute() {
  const { run = "", tab, sub } = useParams();
  return <RunPage key={run} {...{ run, tab, sub }} />;
}
