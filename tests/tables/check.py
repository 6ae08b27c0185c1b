"""Runs the program on names of every kind and reads its tables with other programs: check.py PROGRAM FOLDER."""

import csv
import json
import math
import subprocess
import sys
from pathlib import Path

import duckdb
import duckdb_ext
import jsonschema

ROOT = Path(__file__).resolve().parents[2]
NAMES = [b"contig_1", b"#comment", b"track1", b"Browser", b"chrom", b">more", b"!note", b"visibility=2", b"a|b;c=d&e,f%20", b"caf\xc3\xa9",
         b"bad\xff\xfebyte", b"\"quoted\"", b"contig_1", b"<b>", b"."]
PROGRAM, FOLDER = Path(sys.argv[1]), Path(sys.argv[2])


def call(*command, **more):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, cwd=FOLDER, **more).stdout.decode()


def rows_of(path):
    with open(path, newline="") as f:
        return list(csv.DictReader(f, delimiter="\t", quoting=csv.QUOTE_NONE))


def same(cell, value):
    """A cell of a table and a value of a database: NA is null, numbers are equal as float32."""
    if value is None:
        return cell == "NA"
    if isinstance(value, float):
        return cell != "NA" and math.isclose(float(cell), value, rel_tol=1e-6, abs_tol=1e-12)
    return cell == str(value)


def equal(a, b):
    """Numbers as far as sqlite3 prints them."""
    return math.isclose(a, b, rel_tol=1e-12) if isinstance(a, float) and isinstance(b, float) else a == b


def expect(condition, what):
    if not condition:
        sys.exit(f"failed: {what}")
    print("ok:", what)


def make_input():
    """Examples under names of every kind, and a phage four times over between two bacteria, in a record of its own."""
    records, name = {}, ""
    for line in open(ROOT / "examples/genomes.fa"):
        if line.startswith(">"):
            name = line[1:].split()[0].split(":")[0]
        records[name] = records.get(name, "") + ("" if line.startswith(">") else line.strip())
    planted = records["NZ_CP023050.1"] + 4 * records["NC_015933.1"] + records["NC_004547.2"]
    viral = records["NC_006577.2"]
    with open(FOLDER / "in.fa", "wb") as f:
        for record in NAMES:
            f.write(b">" + record + b" description\n" + viral.encode() + b"\n")
        f.write(b">planted\n" + planted.encode() + b"\n>short\nACGT\n>empty\n")


def check_regions(run):
    bed, gff = run / "regions.bed", run / "regions.gff3"
    regions = [json.loads(line) for line in open(run / "regions.jsonl")]
    expect(len(regions) > len(NAMES), f"{len(regions)} regions, one at least of each viral record and the planted phage")
    sorted_rows = call("bedtools", "sort", "-i", bed).splitlines()
    expect(len(sorted_rows) == len(regions), "bedtools sort keeps every region of regions.bed")
    merged = call("bedtools", "merge", "-i", "-", input=("\n".join(sorted_rows) + "\n").encode()).splitlines()
    expect(len(merged) == len(regions), "bedtools merge, which has another reader, too")
    expect(len(call("bedtools", "intersect", "-u", "-a", gff, "-b", gff).splitlines()) == len(regions), "bedtools reads regions.gff3")
    lines = [line for line in call("bedtools", "getfasta", "-fi", "in.fa", "-bed", bed).splitlines() if line]
    planted = {h[1:].rsplit(":", 1)[0]: s for h, s in zip(lines[::2], lines[1::2])}["planted"]
    fasta = (run / "viral_regions.fasta").read_text().split(">")
    own = next("".join(r.splitlines()[1:]) for r in fasta if r.startswith("planted:"))
    expect(planted == own and len(own) > 10_000, "bedtools getfasta cuts the bases of viral_regions.fasta")
    expect("valid GFF3" in call("gt", "gff3validator", "-typecheck", "so", gff), "gt gff3validator takes regions.gff3, with the terms of the Sequence Ontology")


def check_databases(run):
    connection = duckdb.connect()
    extension = next(p for base in duckdb_ext.__path__ for p in Path(base).rglob("sqlite_scanner.duckdb_extension"))
    connection.execute(f"LOAD '{extension}'")
    connection.execute(f"ATTACH '{run / 'run.db'}' AS run (TYPE sqlite, READ_ONLY)")
    for view, order in (("contigs", "record"), ("predictions", "record, chunk, frame"), ("regions", "region")):
        found = connection.execute(f"SELECT * FROM run.{view} ORDER BY {order}")
        names = [d[0] for d in found.description]
        rows = found.fetchall()
        lines = connection.execute(f"SELECT * FROM read_json('{run}/{view}.jsonl', format='newline_delimited') ORDER BY {order}")
        keys = [d[0] for d in lines.description]
        expect(len(rows) == len(lines.fetchall()) and set(names) <= set(keys), f"DuckDB reads the view {view} and {view}.jsonl: {len(rows)} rows")
        stock = call("sqlite3", "-json", run / "run.db", f"SELECT * FROM {view} ORDER BY {order}")
        expect(len(json.loads(stock)) == len(rows) and all(equal(a, b) for s, r in zip(json.loads(stock), rows) for a, b in zip(s.values(), r)),
               f"the stock sqlite3 says the same of {view}")
        if view == "regions":
            continue
        table = rows_of(run / f"{view}.tsv")
        # The view has the chunk where the table has what was read of it.
        left_out = {"start", "end"} if view == "predictions" else set()
        expect(len(table) == len(rows) and all(same(cell[name], value) for cell, row in zip(table, rows) for name, value in zip(names, row)
                                               if name not in left_out), f"the view {view} has the cells of {view}.tsv")
    viral = connection.execute(f"SELECT count(*) FROM '{run}/contigs.jsonl' WHERE call = 'virus'").fetchone()[0]
    expect(viral == sum(r["call"] == "virus" for r in rows_of(run / "contigs.tsv")), f"DuckDB finds {viral} viral contigs in contigs.jsonl")


def check_schema(runs):
    schema = json.loads((ROOT / "docs/reference/run.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for run in runs:
        jsonschema.validate(json.loads((run / "run.json").read_text()), schema)
        print("ok: run.json of", run.name, "fits docs/reference/run.schema.json")


def main():
    make_input()
    virnucpro = (PROGRAM,)
    call(*virnucpro, "predict", "in.fa", "-o", "whole", "-q", "--format", "jsonl", "--region-fasta")
    call(*virnucpro, "predict", "in.fa", "-o", "part_1", "-q", "--shard", "1/2")
    call(*virnucpro, "predict", "in.fa", "-o", "part_2", "-q", "--shard", "2/2")
    call(*virnucpro, "merge", "part_1", "part_2", "-o", "merged", "-q", "--format", "jsonl")
    call(*virnucpro, "report", "whole", "-o", "anew", "-q", "--fdr", "0.1", "--min-chunks", "2")
    check_regions(FOLDER / "whole")
    for run in ("whole", "merged"):
        check_databases(FOLDER / run)
    check_schema([FOLDER / name for name in ("whole", "part_1", "merged", "anew")])


main()
