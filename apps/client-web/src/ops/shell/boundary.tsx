import { asFedtuneError } from "@fedtune/core";
import { Component } from "react";
import type { ReactNode } from "react";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/error-note.tsx";
import { words } from "../words.ts";

interface BoundaryProps {
  /** With another one the page is tried again. */
  readonly path: string;
  readonly children: ReactNode;
}

interface BoundaryState {
  readonly error: unknown;
  readonly path: string;
}

/** A part of the app that is not there any more: the server has a newer one. */
const chunkGone = /dynamically imported module|module script failed/i;

/** Catches what a page throws while it is drawn; React has no other form for this than a class. */
export class Boundary extends Component<BoundaryProps, BoundaryState> {
  override state: BoundaryState = { error: null, path: this.props.path };

  static getDerivedStateFromError(error: unknown): Partial<BoundaryState> {
    return { error };
  }

  static getDerivedStateFromProps(
    { path }: BoundaryProps,
    state: BoundaryState,
  ): Partial<BoundaryState> | null {
    return path === state.path ? null : { path, error: null };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const { code, message } = asFedtuneError(error);
    const { title, text } = chunkGone.test(message) ? words.updated : words.broken;
    return (
      <ErrorNote
        title={title}
        code={code}
        isUrgent
        actions={
          <Button
            size="small"
            onClick={() => {
              location.reload();
            }}
          >
            {words.broken.action}
          </Button>
        }
      >
        {text}
      </ErrorNote>
    );
  }
}
