namespace Gateway.Configuration;

/// <summary>Finds addresses that two listeners ask for: virtual servers, Kestrel's endpoints and the metrics
/// listener.</summary>
internal static class ListenConflicts
{
    public static void Check(Section root)
    {
        var taken = new List<ListenClaim>();
        foreach (var claim in ListenClaim.Of(root))
        {
            var earlier = taken.FirstOrDefault(claim.Overlaps);
            if (earlier.EndPoint is not null && earlier.Section.Path != claim.Section.Path)
            {
                claim.Section.Error($"is taken by {earlier.Section.Path}, {earlier.Section.Value}",
                    "Use another port or another address.");
            }

            taken.Add(claim);
        }
    }
}
