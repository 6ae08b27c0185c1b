"""Writes the seeds of run_database_fuzz: tests/fuzz/make_run_database_seeds.py, after a change of the tables.

Small databases with pages of 512 bytes. Checksums are computed here a second time, apart from src/run/row_digests.cc.
"""
import hashlib
import os
import re
import shutil
import sqlite3
import struct
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SEEDS = os.path.join(HERE, "seeds", "run_database")
SOURCE = open(os.path.join(HERE, "../../src/run/schema.cc")).read()
VERSION = int(re.search(r"kSchemaVersion = (\d+)", open(os.path.join(HERE, "../../src/run/schema.h")).read())[1])
ROW_TABLES, OLD_VIEWS, RESULTS = (re.findall(r'R"\((.*?)\)"', part, re.S) for part in re.split(r"kOldViews = |kResults = ", SOURCE))
ROWS = re.findall(r'^    "(INSERT .*?)",$', SOURCE, re.M)
WORK = [("input 1 sha256", "9f86d0"), ("expected length", "500")]


def digest(*values):
    """Numbers as 64 bits, texts and bytes after their length, floats as their bits."""
    hashed = hashlib.sha256()
    for value in values:
        if isinstance(value, tuple):
            hashed.update(struct.pack("<QQ", *value))
        elif isinstance(value, float):
            hashed.update(struct.pack("<fI", value, 0))
        elif isinstance(value, int):
            hashed.update(struct.pack("<Q", value))
        else:
            data = value.encode() if isinstance(value, str) else value
            hashed.update(struct.pack("<Q", len(data)) + data)
    return struct.unpack("<QQ", hashed.digest()[:16])


def blob(words):
    return struct.pack("<QQ", *words)


WORK_DIGEST = digest(1, len(WORK), *[text for fact in WORK for text in fact])


def head(record):
    return digest(2, WORK_DIGEST, record["ordinal"], record["length"], record["id"], record["packed"])


def chunk_digest(record, chunk):
    number, index, start, stop, outcome, reason, orfs = chunk
    values = [3, head(record), number, record["ordinal"], index, start, stop, outcome, reason]
    for orf, frame, kind, others, virus, same_as, why in orfs:
        values += [orf, number, frame, kind, float(others or 0), float(virus or 0)]
        values += [0 if same_as is None else 1, same_as or 0, why]
    return digest(*values, len(orfs))


def seal(db):
    """Writes the checksum of the small tables as they are."""
    total, = db.execute("SELECT total FROM progress").fetchone()
    values = [WORK_DIGEST, *db.execute("SELECT records, chunks, orfs, complete FROM progress").fetchone(),
              struct.unpack("<QQ", total)]
    for sql in ("SELECT * FROM sessions ORDER BY number", "SELECT name, text FROM texts ORDER BY name",
                "SELECT code, name FROM outcomes ORDER BY code"):
        rows = db.execute(sql).fetchall()
        for row in rows:
            for value in row:
                if isinstance(value, float):
                    values += [2, struct.unpack("<Q", struct.pack("<d", value))[0]]
                else:
                    values += [1 if isinstance(value, int) else 3, value]
        values.append(len(rows))
    db.execute("UPDATE progress SET digest = ?", (blob(digest(*values)),))


def make(path, records, journal="WAL", old=False):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA page_size=512")
    db.execute(f"PRAGMA journal_mode={journal}")
    for sql in ROW_TABLES + (OLD_VIEWS if old else RESULTS) + ROWS:
        db.execute(sql)
    for i, fact in enumerate(WORK):
        db.execute("INSERT INTO work VALUES (?, ?, ?)", (i, *fact))
    total, chunks, orfs = (0, 0), 0, 0

    def add(words):
        nonlocal total
        total = tuple((a + b) % 2**64 for a, b in zip(total, words))
        return blob(words)

    for record in records:
        end = (4, head(record), chunks + len(record["chunks"]), record["outcome"], record["reason"])
        db.execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)",
                   (record["ordinal"], record["id"], record["length"], add(head(record)), record["outcome"],
                    record["reason"] or None, add(digest(*end))))
        db.execute("INSERT INTO bases VALUES (?, ?)", (record["ordinal"], record["packed"]))
        for chunk in record["chunks"]:
            number, index, start, stop, outcome, reason, rows = chunk
            db.execute("INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                       (number, record["ordinal"], index, start, stop, outcome, reason or None,
                        add(chunk_digest(record, chunk))))
            chunks += 1
            for orf, frame, kind, others, virus, same_as, why in rows:
                db.execute("INSERT INTO orfs VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                           (orf, number, frame, others, virus, kind, same_as, why or None))
                orfs += 1
    if records:
        put_embedding(db, 0)
        put_embedding(db, 1)
        db.execute("INSERT INTO sessions VALUES (1, '2026-01-02T03:04:05Z', '0.1.0', 'cpu: 2 threads', 1.5, 3)")
        db.execute("INSERT INTO texts VALUES ('run.json', '{\"a\": 1}')")
    db.execute("UPDATE progress SET records = ?, chunks = ?, orfs = ?, complete = ?, total = ?",
               (len(records), chunks, orfs, int(bool(records)), blob(total)))
    seal(db)
    db.execute(f"PRAGMA application_id={0x564e5072}")
    db.execute(f"PRAGMA user_version={VERSION - 1 if old else VERSION}")
    return db


def put_embedding(db, key):
    vector = struct.pack("<3f", 1.5, -2.0, 0.1)
    db.execute("REPLACE INTO embeddings VALUES (?, ?, ?)", (key, vector, blob(digest(5, WORK_DIGEST, key, vector))))


RECORDS = [
    {"ordinal": 3, "id": b"contig <b>&\t1", "length": 56, "outcome": 3, "reason": "chunk 1",
     "packed": bytes.fromhex("020000000000000000400b40fbffffff021e04080e22044e"),
     "chunks": [(0, 0, 0, 50, 0, "", [(0, 0, 0, 0.75, 0.25, None, ""), (1, 4, 0, 0.75, 0.25, 0, "")]),
                (1, 1, 6, 56, 3, "NaN in the embedding", [(2, 2, 3, None, None, None, "NaN")])]},
    {"ordinal": 4, "id": b"", "length": 2, "outcome": 2, "reason": "", "packed": b"\x01\x03",
     "chunks": [(2, 0, 0, 2, 2, "", [])]},
]


def main():
    with tempfile.TemporaryDirectory() as folder:
        def write(name, records=RECORDS, journal="WAL", last=None, old=False):
            path = os.path.join(folder, name)
            db = make(path, records, journal, old)
            if last:
                db.execute(last)
            db.close()
            shutil.copy(path, os.path.join(SEEDS, name))
            return path

        whole = write("whole_run.db")
        write("without_records.db", [])
        write("rollback_journal.db", journal="DELETE")
        write("trigger.db", last="CREATE TRIGGER t INSERT ON orfs BEGIN SELECT 1; END")
        write("newer_version.db", last=f"PRAGMA user_version={VERSION + 1}")
        write("older_version.db", last=f"PRAGMA user_version={VERSION - 2}")
        write("without_results.db", old=True)
        # The log of a run that was killed after it had changed something.
        db = sqlite3.connect(whole, isolation_level=None)
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("BEGIN")
        put_embedding(db, 7)
        db.execute("REPLACE INTO texts VALUES ('run.json', '{}')")
        seal(db)
        db.execute("COMMIT")
        shutil.copy(whole + "-wal", os.path.join(SEEDS, "killed_run.wal"))
        db.close()


main()
