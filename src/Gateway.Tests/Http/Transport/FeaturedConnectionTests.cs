using System.IO.Pipelines;
using Gateway.Http.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Gateway.Tests.Http.Transport;

/// <summary>A connection as the collection of its features, held against the framework's own.</summary>
public sealed class FeaturedConnectionTests
{
    public static TheoryData<Type> OfItsOwn =>
    [
        typeof(IConnectionIdFeature), typeof(IConnectionItemsFeature), typeof(IConnectionTransportFeature), typeof(IConnectionUserFeature),
        typeof(IConnectionLifetimeFeature), typeof(IConnectionEndPointFeature),
    ];

    [Theory]
    [MemberData(nameof(OfItsOwn))]
    public void Get_WhatTheFrameworksConnectionIs_IsTheConnection(Type feature)
    {
        var connection = new Connection();

        Assert.Contains(feature, new DefaultConnectionContext("x").Features.Select(entry => entry.Key));
        Assert.Same(connection, connection.Features[feature]);
    }

    [Fact]
    public void Features_OfTheFrameworksConnection_AreNoMoreThanThese() =>
        Assert.Equal(OfItsOwn.Count, new DefaultConnectionContext("x").Features.Count());

    [Fact]
    public void Set_MoreThanThereIsRoomFor_AllAreFoundAndListed()
    {
        var features = new Connection().Features;
        Type[] types = [.. typeof(object).Assembly.GetTypes().Take(20)];

        foreach (var type in types)
        {
            features[type] = type.Name;
        }

        Assert.All(types, type => Assert.Equal(type.Name, features[type]));
        Assert.Equal(types, features.Select(entry => entry.Key));
        Assert.Equal(types.Length, features.Revision);
    }

    [Fact]
    public void Set_InPlaceOfItsOwn_CountsUntilItIsTakenAway()
    {
        var connection = new Connection();
        var other = new DefaultConnectionContext("other");

        connection.Features.Set<IConnectionIdFeature>(other);
        Assert.Same(other, connection.Features.Get<IConnectionIdFeature>());

        connection.Features.Set<IConnectionIdFeature>(null);
        Assert.Null(connection.Features.Get<IConnectionIdFeature>());
        Assert.Empty(connection.Features);
    }

    [Fact]
    public void Get_WhatNobodySet_IsNull() => Assert.Null(new Connection().Features.Get<IHttpRequestFeature>());

    private sealed class Connection : FeaturedConnection
    {
        public override string ConnectionId { get; set; } = "x";

        public override IDuplexPipe Transport { get; set; } = null!;
    }
}
