import { classes } from "../../ui/classes.ts";
import type { PreviewView } from "../model/file.ts";
import { fileWords } from "../words/file.ts";
import styles from "./preview.module.css";

/** The first rows of the file; the columns in use are marked. */
export const Preview = ({ preview }: { readonly preview: PreviewView }) => (
  // The table may be wider than the page: it scrolls by itself, with the keyboard too.
  <div className={styles["scroll"]} role="region" aria-label={preview.caption} tabIndex={0}>
    <table className={styles["table"]}>
      <caption className={styles["caption"]}>
        {preview.caption}. {fileWords.previewNote}
      </caption>
      <thead>
        <tr>
          {preview.columns.map(({ name, role }) => (
            <th key={name} scope="col" className={classes(role !== null && styles["used"])}>
              <span className={styles["role"]}>{role ?? ""}</span>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {preview.rows.map((row, index) => (
          // Rows of a preview never change places.
          <tr key={index}>
            {preview.columns.map(({ name, role }, column) => (
              <td key={name} className={classes(role !== null && styles["used"])}>
                {row[column]}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
