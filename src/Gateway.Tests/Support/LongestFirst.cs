using Gateway.Tests.Container;
using Gateway.Tests.Http.Conformance;
using Gateway.Tests.Http.Plain;
using Gateway.Tests.Integration;
using Gateway.Tests.Management;
using Gateway.Tests.Scheduling;
using Xunit.Abstractions;

[assembly: TestCollectionOrderer("Gateway.Tests.Support.LongestFirst", "Gateway.Tests")]

namespace Gateway.Tests.Support;

/// <summary>Starts what takes longest first, so that no processor is idle while the last of it runs; all else in the order of its
/// name.</summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    // Those of more than about fifteen seconds. An order, and no more: nothing depends on it.
    private static readonly string[] _long =
    [
        Beds.Name, .. new[]
        {
            typeof(DockerfileTests), typeof(PagesTests), typeof(RejectedBodyTests), typeof(SlowClientTests), typeof(EditorPagesTests),
            typeof(LongAnswerTests), typeof(LaneAccessLogTests), typeof(ReloadTests), typeof(DrainTests), typeof(SlowStartTests),
            typeof(DrainPagesTests), typeof(TransportConformanceTests), typeof(SmugglingTests),
        }.Select(type => $"Test collection for {type.FullName}"),
    ];

    /// <inheritdoc />
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections.OrderBy(Place).ThenBy(collection => collection.DisplayName, StringComparer.Ordinal);

    private static int Place(ITestCollection collection)
    {
        // The name of one class's collection ends in an id in brackets.
        var place = Array.IndexOf(_long, collection.DisplayName.Split(" (id: ")[0]);
        return place < 0 ? _long.Length : place;
    }
}
