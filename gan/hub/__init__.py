"""The Hugging Face Hub: a checkpoint folder comes from there, or goes there. The only importer of huggingface_hub."""
