import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { QueryKey } from "@tanstack/react-query";
import { ConfirmDialog } from "../../ui/confirm-dialog.tsx";
import { LoadError } from "../shell/load-error.tsx";

/** Something that cannot be taken back, done to one item of a list. */
export interface ConfirmDeedProps<Item> {
  /** Null: nothing is asked. */
  readonly item: Item | null;
  readonly onClose: () => void;
  readonly deed: (item: Item) => Promise<unknown>;
  /** The list that is read again afterwards. */
  readonly queryKey: QueryKey;
  readonly title: (item: Item) => string;
  readonly effect: string;
  readonly verb: string;
  readonly failed: string;
}

/** Asks, does it, and says what went wrong where it was asked. */
export function ConfirmDeed<Item>(props: ConfirmDeedProps<Item>) {
  const { item, onClose, deed, queryKey, title, effect, verb, failed } = props;
  const queries = useQueryClient();
  const doing = useMutation({
    mutationFn: deed,
    onSuccess: async () => {
      onClose();
      await queries.invalidateQueries({ queryKey });
    },
  });
  const close = (): void => {
    onClose();
    doing.reset();
  };
  return (
    <ConfirmDialog
      isOpen={item !== null}
      onClose={close}
      onConfirm={() => {
        if (item !== null) doing.mutate(item);
      }}
      title={item === null ? "" : title(item)}
      {...{ effect, verb }}
      isBusy={doing.isPending}
    >
      {doing.error === null ? null : <LoadError title={failed} error={doing.error} isUrgent />}
    </ConfirmDialog>
  );
}
