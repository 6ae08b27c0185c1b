#!/usr/bin/env bash
# Shows contigs.tsv of a result folder as a table, and what else is in the folder.
set -euo pipefail
folder=${1:?usage: scripts/show_results.sh FOLDER}

# Columns are looked up by name, and padded here: a bare Debian has no column(1).
awk -F '\t' '
  NR == 1 {
    for (i = 1; i <= NF; ++i) column[$i] = i
    wanted = split("id length chunks scored_chunks viral_chunks mean_p_virus call", names, " ")
  }
  {
    for (j = 1; j <= wanted; ++j) {
      text = $column[names[j]]
      if (NR > 1 && names[j] == "mean_p_virus" && text != "NA") text = sprintf("%.3f", text)
      cell[NR, j] = text
      if (length(text) > width[j]) width[j] = length(text)
    }
    if (NR > 1) ++calls[$column["call"]]
  }
  END {
    for (row = 1; row <= NR; ++row) {
      line = ""
      for (j = 1; j <= wanted; ++j) {
        left = j == 1 || j == wanted
        line = line sprintf(left ? "%-*s  " : "%*s  ", width[j], cell[row, j])
      }
      sub(/ +$/, "", line)
      print line
    }
    printf "\n%d records: %d called virus, %d others", NR - 1, calls["virus"], calls["others"]
    if (calls["NA"]) printf ", %d without a call (NA: no reading frame is free of stops)", calls["NA"]
    printf "\n"
  }
' "$folder/contigs.tsv"

echo
echo "Files in $folder:"
for file in "$folder"/*; do printf '  %s\n' "$(basename "$file")"; done
