version 1.0

# Tasks for Cromwell, miniwdl, Terra, DNAnexus and Azure. Runtime keys of one platform mean nothing to the others.

task virnucpro {
  meta {
    description: "Finds viral sequences in reads or contigs: calls of chunks and frames in the tables of VirNucPro 2.0, calls of contigs with tiers, and the viral records."
  }

  input {
    Array[File]+ sequences
    Int      expected_length = 500
    Boolean  use_gpu = true
    String?  gpus
    String?  write
    File?    models_tar
    String   bundle = "mini"
    String   out_basename = sub(sub(basename(sequences[0]), "\\.gz$", ""), "\\.(fasta|fa|fna|fastq|fq|bam|sam|cram)$", "")

    Int      machine_mem_gb = 64
    Int      cpu = 8
    Int      disk_size = 375
    String?  accelerator_type
    Int?     accelerator_count
    String?  gpu_type
    Int?     gpu_count
    String?  vm_size
    String   docker = "virnucpro:latest"
  }

  Int disk_size_az = disk_size + 50

  parameter_meta {
    sequences: {
      description: "FASTA, FASTQ, SAM, BAM or CRAM, plain, gzip or bgzip; told apart by content.",
      patterns: ["*.fasta", "*.fa", "*.fna", "*.fastq", "*.fq", "*.gz", "*.bam", "*.cram", "*.sam"],
      category: "required"
    }
    expected_length: {
      description: "Length of chunks in bases: 300 or 500.",
      choices: [300, 500],
      category: "common"
    }
    use_gpu: {
      description: "Compute on all GPUs of the machine and fail without one; else on its processors.",
      category: "common"
    }
    gpus: {
      description: "Numbers of the GPUs to use, such as 0,1; all where it is not given.",
      category: "advanced"
    }
    write: {
      description: "viral, others or all-but-viral: these records once more, in the format of their input.",
      category: "common"
    }
    models_tar: {
      description: "A tar of a folder of models: a bundle made by 'virnucpro models import'. Without it, the bundle of the name in 'bundle' is used.",
      category: "common"
    }
    bundle: {
      description: "Name of an embedded bundle, or a folder in the container.",
      category: "advanced"
    }
    out_basename: {
      description: "Begin of the names of all outputs.",
      category: "other"
    }
    accelerator_type: {
      description: "[GCP] GPU model, of compute capability 8.0 or newer.",
      category: "runtime"
    }
    gpu_type: {
      description: "[Terra] GPU model, of compute capability 8.0 or newer.",
      category: "runtime"
    }
    vm_size: {
      description: "[Azure] Size of the machine.",
      category: "runtime"
    }
    docker: {
      description: "Image made from packaging/container/Containerfile.cuda, or Containerfile for processors alone.",
      category: "runtime"
    }
  }

  command <<<
    set -euo pipefail
    virnucpro --version | tee VERSION

    bundle="~{bundle}"
    if [ -n "~{default="" models_tar}" ]; then
      mkdir models
      tar -C models -xf "~{default="" models_tar}"
      bundle="$(dirname "$(find models -name bundle.json | head -n 1)")"
    fi

    virnucpro predict ~{sep=" " sequences} \
      --output-dir results \
      --bundle "$bundle" \
      --expected-length ~{expected_length} \
      ~{if defined(gpus) then "--gpus " + gpus else if use_gpu then "--device cuda" else "--device cpu"} \
      ~{"--write " + write} \
      --threads ~{cpu} \
      --no-progress

    for table in predictions.tsv contigs.tsv contig_tiers.tsv viral.fasta run.json; do
      cp "results/$table" "~{out_basename}.virnucpro.$table"
    done
    cp results/prediction_results.txt "~{out_basename}.virnucpro.predictions.v2.tsv"
    cp results/prediction_results_highestscore.csv "~{out_basename}.virnucpro.highestscore.tsv"
    mkdir -p written
    if [ -n "~{default="" write}" ]; then cp "results/~{default="" write}"/* written/; fi

    cat /sys/fs/cgroup/memory.peak > MEM_BYTES 2>/dev/null ||
      cat /sys/fs/cgroup/memory/memory.max_usage_in_bytes > MEM_BYTES 2>/dev/null || echo 0 > MEM_BYTES
  >>>

  output {
    File        predictions_tsv            = "~{out_basename}.virnucpro.predictions.v2.tsv"
    File        highestscore_tsv           = "~{out_basename}.virnucpro.highestscore.tsv"
    File        contig_classifications_tsv = "~{out_basename}.virnucpro.contig_tiers.tsv"
    File        frames_tsv                 = "~{out_basename}.virnucpro.predictions.tsv"
    File        contigs_tsv                = "~{out_basename}.virnucpro.contigs.tsv"
    File        viral_fasta                = "~{out_basename}.virnucpro.viral.fasta"
    File        run_json                   = "~{out_basename}.virnucpro.run.json"
    Array[File] written_records            = glob("written/*")
    Int         max_ram_gb                 = ceil(read_float("MEM_BYTES") / 1000000000)
    String      virnucpro_version          = read_string("VERSION")
  }

  runtime {
    docker: docker
    memory: "~{machine_mem_gb} GB"
    cpu: cpu
    disks: "local-disk ~{disk_size} LOCAL"
    disk: "~{disk_size_az} GB"
    bootDiskSizeGb: 50
    gpu: use_gpu
    # Terra
    gpuType: select_first([gpu_type, "nvidia-l4"])
    gpuCount: select_first([gpu_count, accelerator_count, 1])
    # Google Cloud
    acceleratorType: select_first([accelerator_type, "nvidia-l4"])  # !UnknownRuntimeKey
    acceleratorCount: select_first([accelerator_count, gpu_count, 1])  # !UnknownRuntimeKey
    # DNAnexus
    dx_instance_type: "mem2_ssd2_gpu4_x32"
    # Azure
    vm_size: select_first([vm_size, "Standard_NC24ads_A100_v4"])  # !UnknownRuntimeKey
    preemptible: 2
    maxRetries: 2
  }
}

task virnucpro_label_reads {
  meta {
    description: "Labels each read with the call of the contig that it aligns to best."
  }

  input {
    File    aligned
    File    contig_classifications_tsv
    Boolean paf = false
    Int     min_mapq = 5
    Float   min_identity = 90.0
    Float   min_query_cov = 80.0
    String  out_basename = sub(basename(aligned), "\\.(bam|cram|sam|paf|paf\\.gz)$", "")

    Int     machine_mem_gb = 4
    Int     cpu = 2
    Int     disk_size = 250
    String  docker = "virnucpro:latest"
  }

  parameter_meta {
    aligned: {
      description: "Reads aligned to the contigs, with NM tags: SAM, BAM or CRAM in any order, or PAF.",
      patterns: ["*.bam", "*.cram", "*.sam", "*.paf", "*.paf.gz"],
      category: "required"
    }
    contig_classifications_tsv: {
      description: "contig_classifications_tsv of the task virnucpro.",
      patterns: ["*.tsv"],
      category: "required"
    }
    paf: {
      description: "The alignments are minimap2's PAF.",
      category: "common"
    }
    min_mapq: {
      description: "Least mapping quality of a read that is mapped_well.",
      category: "advanced"
    }
    min_identity: {
      description: "Least identity of a read that is mapped_well, in percent.",
      category: "advanced"
    }
    min_query_cov: {
      description: "Least aligned share of a read that is mapped_well, in percent.",
      category: "advanced"
    }
  }

  command <<<
    set -euo pipefail
    virnucpro --version | tee VERSION
    virnucpro label-reads "~{aligned}" "~{contig_classifications_tsv}" \
      --output "~{out_basename}.virnucpro.reads.tsv.gz" \
      ~{if paf then "--paf" else ""} \
      --min-mapq ~{min_mapq} \
      --min-identity ~{min_identity} \
      --min-query-cov ~{min_query_cov} \
      --threads ~{cpu}
  >>>

  output {
    File   read_classifications_tsv = "~{out_basename}.virnucpro.reads.tsv.gz"
    String virnucpro_version        = read_string("VERSION")
  }

  runtime {
    docker: docker
    memory: "~{machine_mem_gb} GB"
    cpu: cpu
    disks: "local-disk ~{disk_size} LOCAL"
    disk: "~{disk_size} GB"
    dx_instance_type: "mem1_ssd1_v2_x2"
    preemptible: 2
    maxRetries: 2
  }
}
