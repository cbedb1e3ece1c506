import type { StateLook } from "@fedtune/figures";
import { useQuery } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { useMe } from "../api/session.ts";
import { Button } from "../../ui/button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { StateWord } from "../../ui/pill.tsx";
import { Tag } from "../../ui/tag.tsx";
import type { Column } from "../../ui/table-model.ts";
import { Instant } from "../shell/instant.tsx";
import { nameOf } from "../shell/navigation.ts";
import { ActionsHead } from "./actions-head.tsx";
import { ConfirmDeed } from "./confirm-deed.tsx";
import { ListCard } from "./list-card.tsx";
import { NewOperatorDialog } from "./new-operator-dialog.tsx";
import type { Operator } from "./people-model.ts";
import { words as all } from "./words.ts";
import styles from "./people.module.css";

const words = all.people;
/** Accounts are few: one page holds them all. */
const MOST = 1_000;

/** Who may sign in. */
export function Operators() {
  const api = useApi();
  const own = nameOf(useMe());
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Operator | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: keys.operators,
    queryFn: ({ signal }) => api.listOperators({ query: { limit: MOST }, signal }),
  });
  return (
    <ListCard
      {...{ title: words.title, about: words.about, add: words.add, icon: UserPlus }}
      onAdd={() => {
        setAdding(true);
      }}
      failed={words.loadFailed}
      error={error}
      onRetry={() => void refetch()}
    >
      {data === undefined ? null : (
        <DataTable
          caption={words.title}
          columns={columns(own, setLeaving)}
          rows={data.items}
          rowKey={({ id }) => id}
          rowHeight={44}
          empty={<Empty title={words.none} />}
        />
      )}
      <NewOperatorDialog
        isOpen={isAdding}
        onClose={() => {
          setAdding(false);
        }}
      />
      <ConfirmDeed
        item={leaving}
        onClose={() => {
          setLeaving(null);
        }}
        deed={({ name }: Operator) => api.disableOperator({ params: { operator: name } })}
        queryKey={keys.operators}
        title={({ name }) => words.disableTitle(name)}
        effect={words.disableEffect}
        verb={words.disableVerb}
        failed={words.disableFailed}
      />
    </ListCard>
  );
}

const active: StateLook = { word: words.active, icon: "check", tone: "ok" };
const disabled: StateLook = { word: words.disabled, icon: "ban", tone: "idle" };

function columns(
  own: string,
  onDisable: (operator: Operator) => void,
): readonly Column<Operator>[] {
  return [
    {
      ...{ id: "name", header: words.name, phone: "title" },
      cell: ({ name }) => (
        <>
          <span className={styles["name"]}>{name} </span>
          {name === own ? <Tag>{words.you}</Tag> : null}
        </>
      ),
    },
    { ...{ id: "role", header: words.role, phone: "fact" }, cell: ({ role }) => all.roles[role] },
    {
      ...{ id: "since", header: words.since, phone: "fact" },
      cell: ({ createdAt }) => <Instant at={createdAt} />,
    },
    {
      ...{ id: "state", header: words.state, phone: "fact" },
      cell: ({ disabledAt }) => <StateWord look={disabledAt === null ? active : disabled} />,
    },
    {
      ...{
        id: "actions",
        header: <ActionsHead />,
        align: "end",
        phone: "fact",
      },
      cell: (operator) =>
        operator.disabledAt !== null || operator.name === own ? null : (
          <Button
            size="small"
            kind="quiet"
            aria-label={`${words.disable} ${operator.name}`}
            onClick={() => {
              onDisable(operator);
            }}
          >
            {words.disable}
          </Button>
        ),
    },
  ];
}
