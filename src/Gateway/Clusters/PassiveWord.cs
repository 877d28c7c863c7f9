namespace Gateway.Clusters;

/// <summary>What real traffic says against a destination: it gets none until the word ends. Nothing against it is null.
/// </summary>
/// <param name="Reason">What was seen, short, such as <c>5 times connect_refused</c>.</param>
/// <param name="Since">When it was ejected.</param>
/// <param name="Until">When it is tried again.</param>
/// <param name="Ejections">How often in a row it was ejected, this time included; each lasts longer.</param>
internal sealed record PassiveWord(string Reason, DateTimeOffset Since, DateTimeOffset Until, int Ejections = 1);
