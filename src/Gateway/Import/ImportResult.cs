namespace Gateway.Import;

/// <summary>What an import made.</summary>
/// <param name="Format">The format the file was read as.</param>
/// <param name="Configuration">A configuration of Gateway: JSON with comments.</param>
/// <param name="Report">What became of every directive.</param>
internal sealed record ImportResult(ImportFormat Format, string Configuration, Report Report);
