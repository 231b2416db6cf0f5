import type { IssueSeverity, ValidationIssue } from "./validation-issue.ts";

/** The issues of one item, or of the stored state. */
export interface IssueList {
  readonly issues: ValidationIssue[];
  failed: boolean;
  truncated: boolean;
}

/** Keeps issues up to a number that all lists of one call share. */
export class IssueCollector {
  readonly found: Record<IssueSeverity, number> = { error: 0, warning: 0 };
  truncated = false;
  #left: number;

  constructor(issuesMax: number) {
    this.#left = issuesMax;
  }

  list(): IssueList {
    return { issues: [], failed: false, truncated: false };
  }

  add(list: IssueList, issue: ValidationIssue): void {
    this.found[issue.severity] += 1;
    // A refused item always names one reason, however many issues came before it.
    const needed = issue.severity === "error" && !list.failed;
    if (issue.severity === "error") list.failed = true;
    if (this.#left > 0 || needed) {
      this.#left -= 1;
      list.issues.push(issue);
    } else {
      list.truncated = true;
      this.truncated = true;
    }
  }
}
