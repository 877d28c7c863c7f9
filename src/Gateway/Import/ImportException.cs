namespace Gateway.Import;

/// <summary>A file cannot be imported at all. The message goes on after the file's name.</summary>
internal sealed class ImportException(string message) : Exception(message);
