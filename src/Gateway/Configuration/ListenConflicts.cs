namespace Gateway.Configuration;

/// <summary>Finds addresses that two listeners ask for: virtual servers, Kestrel's endpoints and the metrics
/// and management listeners.</summary>
internal static class ListenConflicts
{
    public static void Check(Section root)
    {
        var taken = new List<ListenClaim>();
        // What nobody wrote comes first, so that it is told of what somebody did write.
        foreach (var claim in ListenClaim.Of(root).OrderBy(claim => claim.Section.Exists))
        {
            var earlier = taken.FirstOrDefault(claim.Overlaps);
            if (earlier.EndPoint is not null && earlier.Section.Path != claim.Section.Path)
            {
                claim.Section.Error($"is taken by {earlier.Section.Path}, {earlier.Section.Value ?? $"{earlier.EndPoint} by default"}",
                    earlier.Section.Exists ? "Use another port or another address."
                        : $"Use another port or another address, or write {earlier.Section.Path}.");
            }

            taken.Add(claim);
        }
    }
}
