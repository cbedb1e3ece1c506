import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { useApi } from "../api/context.tsx";
import { keys } from "../api/keys.ts";
import { useMe } from "../api/session.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Tag } from "../../ui/tag.tsx";
import type { Column } from "../../ui/table-model.ts";
import { Instant } from "../shell/instant.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { nameOf } from "../shell/navigation.ts";
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
  const queries = useQueryClient();
  const own = nameOf(useMe());
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<Operator | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: keys.operators,
    queryFn: ({ signal }) => api.listOperators({ query: { limit: MOST }, signal }),
  });
  const disable = useMutation({
    mutationFn: ({ name }: Operator) => api.disableOperator({ params: { operator: name } }),
    onSuccess: async () => {
      setLeaving(null);
      await queries.invalidateQueries({ queryKey: keys.operators });
    },
  });
  const close = (): void => {
    setLeaving(null);
    disable.reset();
  };
  return (
    <Card
      title={words.title}
      subtitle={words.about}
      padding="bare"
      actions={
        <Button
          size="small"
          icon={UserPlus}
          onClick={() => {
            setAdding(true);
          }}
        >
          {words.add}
        </Button>
      }
    >
      {error === null ? null : (
        <div className={styles["note"]}>
          <LoadError title={words.loadFailed} error={error} onRetry={() => void refetch()} />
        </div>
      )}
      {data === undefined ? null : (
        <DataTable
          caption={words.title}
          columns={columns(own, setLeaving)}
          rows={data.items}
          rowKey={({ id }) => id}
          empty={<Empty title={words.none} />}
        />
      )}
      <NewOperatorDialog
        isOpen={isAdding}
        onClose={() => {
          setAdding(false);
        }}
      />
      <ConfirmDialog
        isOpen={leaving !== null}
        onClose={close}
        onConfirm={() => {
          if (leaving !== null) disable.mutate(leaving);
        }}
        title={words.disableTitle(leaving?.name ?? "")}
        effect={words.disableEffect}
        verb={words.disableVerb}
        isBusy={disable.isPending}
      >
        {disable.error === null ? null : (
          <LoadError title={words.disableFailed} error={disable.error} isUrgent />
        )}
      </ConfirmDialog>
    </Card>
  );
}

function columns(
  own: string,
  onDisable: (operator: Operator) => void,
): readonly Column<Operator>[] {
  return [
    {
      ...{ id: "name", header: words.name, phone: "title" },
      cell: ({ name }) => (
        <>
          <span className={styles["name"]}>{name}</span>
          {name === own ? (
            <>
              {" "}
              <Tag>{words.you}</Tag>
            </>
          ) : null}
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
      cell: ({ disabledAt }) => (disabledAt === null ? words.active : words.disabled),
    },
    {
      ...{ id: "actions", header: "", align: "end", phone: "fact" },
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
